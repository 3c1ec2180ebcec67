package imports

import (
	"fmt"
	_ "embed"
	. "strings"
	yaml "gopkg.in/yaml.v3"
)

import "os"

func init() {
	fmt.Println(ToUpper("x"), yaml.Marshal, os.Args)
}

func main() {}
