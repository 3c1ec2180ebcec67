package shapes

import (
	"errors"
	"math"
)

// Circle is round.
type Circle struct {
	Radius float64
}

func (c *Circle) Area() float64 {
	return math.Pi * c.Radius * c.Radius
}

func (c Circle) check() error {
	return errors.New("no")
}
