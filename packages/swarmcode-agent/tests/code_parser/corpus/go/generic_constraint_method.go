package trees

// Tree is ordered.
// It holds keys.
type Tree[K cmp.Ordered, V any] struct {
	root *node[K, V]
}

type node[K cmp.Ordered, V any] struct {
	key   K
	value V
}

func NewTree[K cmp.Ordered, V any]() *Tree[K, V] {
	return &Tree[K, V]{}
}

func (t *Tree[K, V]) Get(key K) (V, bool) {
	var zero V
	return zero, false
}
