// package-spec judges an Elastic integration package, a folder or a zip, with Elastic's own validator: package-spec PATH
// Prints what breaks the specification, and then ends with status 1.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/elastic/package-spec/v3/code/go/pkg/validator"
)

func main() {
	path := os.Args[1]
	validate := validator.ValidateFromPath
	if strings.HasSuffix(path, ".zip") {
		validate = validator.ValidateFromZip
	}
	if err := validate(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
