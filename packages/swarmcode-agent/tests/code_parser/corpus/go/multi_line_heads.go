package heads

func Long(
	first string,
	second map[string]interface{},
) (
	result string,
	err error,
) {
	return first, nil
}

func Callback(f func(a int) (int, error), opts ...Option) {
}
