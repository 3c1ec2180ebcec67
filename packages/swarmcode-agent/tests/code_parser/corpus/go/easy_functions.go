package calc

import "fmt"

// Add adds.
func Add(a int, b int) int {
	return a + b
}

func hidden(name string) {
	fmt.Println(name)
}
