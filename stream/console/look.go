package console

import "html/template"

// Style is the style sheet of the product's pages.
func Style() string { return string(styleSheet) }

// Words are the template functions that the product's pages write numbers and
// names with: number, spaced, cut, ordinal and percent.
func Words() template.FuncMap {
	return template.FuncMap{"number": number, "spaced": spaced, "cut": cut, "ordinal": ordinal, "percent": percent}
}
