package lists

type Number interface {
	~int | ~float64
}

type List[T any] struct {
	items []T
}

func (l *List[T]) Push(item T) {
	l.items = append(l.items, item)
}

func Map[T, U any](items []T, f func(T) U) []U {
	out := make([]U, 0, len(items))
	for _, item := range items {
		out = append(out, f(item))
	}
	return out
}
