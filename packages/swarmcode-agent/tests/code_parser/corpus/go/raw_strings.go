package raw

const query = `
func notReal() {}
type Fake struct {}
`

// func commented() {}

/*
func alsoCommented() {}
*/
func Real() string {
	return query + "func no() {"
}
