package work

var handler = func(name string) string {
	return name
}

func Make() func() int {
	count := 0
	inner := func() int {
		count++
		return count
	}
	return inner
}
