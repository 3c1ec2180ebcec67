package animals

type Animal struct {
	*Base
	sync.Mutex
	Name string
}

type ReadCloser interface {
	Reader
	io.Closer
	Flush() error
}
