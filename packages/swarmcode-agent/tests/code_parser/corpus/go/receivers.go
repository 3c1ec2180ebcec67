package receivers

type server struct{}

func (server) Anonymous() {}

func (s *server) Pointer() (n int, err error) {
	return 0, nil
}

func (_ server) Blank() {}
