package kinds

type (
	ID    int
	Pair  struct{ a, b int }
	Alias = Pair
	Doer  interface{ Do() }
)

const (
	First ID = iota
	Second
)

var Default = Pair{1, 2}
