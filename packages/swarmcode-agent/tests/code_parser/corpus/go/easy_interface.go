package shapes

type Shape interface {
	Area() float64
	Scale(by float64)
}

type Names []string

type Handler func(name string) error
