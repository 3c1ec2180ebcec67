package broken

func Good() int {
	return 1
}

func Bad( {

func After() int {
	return 2
}
