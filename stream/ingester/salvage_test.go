package ingester

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// elements splits an array, its opening bracket included.
func elements(t interface{ Fatal(...any) }, array string) (out []string) {
	s := &arraySplitter{in: bufio.NewReader(strings.NewReader(array[1:]))}
	for {
		element, _, err := s.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(element))
	}
}

func llava(i int) string {
	return fmt.Sprintf(`{"id":"s%d","image":["a.png"],"conversations":[{"from":"human","value":"What, {is} [it]?"},{"from":"gpt","value":"A \"thing\", number %d."}]}`, i, i)
}

// TestABrokenElementHarmsNoOther: with one byte missing in one element, or a
// separator, every other element comes out whole.
func TestABrokenElementHarmsNoOther(t *testing.T) {
	layouts := map[string]func(samples []string) string{
		"a line each": func(s []string) string { return "[\n" + strings.Join(s, ",\n") + "\n]\n" },
		"one line":    func(s []string) string { return "[" + strings.Join(s, ",") + "]" },
		"indented": func(s []string) string {
			text := "[\n"
			for i, one := range s {
				var v any
				if json.Unmarshal([]byte(one), &v) == nil {
					pretty, _ := json.MarshalIndent(v, "  ", "  ")
					one = string(pretty)
				}
				text += "  " + one
				if i < len(s)-1 {
					text += ","
				}
				text += "\n"
			}
			return text + "]\n"
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(2, 12).Draw(t, "elements")
				var samples []string
				for i := range n {
					samples = append(samples, llava(i))
				}
				broken := rapid.IntRange(0, n-1).Draw(t, "broken")
				at := rapid.IntRange(0, len(samples[broken])-1).Draw(t, "byte")
				whole := slices.Clone(samples)
				array := layout(samples)
				if name == "indented" { // the byte is one of the element as it is laid out
					var v any
					json.Unmarshal([]byte(samples[broken]), &v)
					pretty, _ := json.MarshalIndent(v, "  ", "  ")
					begin := strings.Index(array, string(pretty))
					at = at % len(pretty)
					array = array[:begin+at] + array[begin+at+1:]
				} else {
					samples[broken] = samples[broken][:at] + samples[broken][at+1:]
					array = layout(samples)
				}
				got := elements(t, array)
				for i, want := range whole {
					if i != broken && !slices.ContainsFunc(got, func(g string) bool { return sameJSON(g, want) }) {
						t.Fatalf("sample %d is lost, of\n%s\nin\n%s", i, array, strings.Join(got, "\n"))
					}
				}
			})
		})
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

func TestWhatStandsBetweenElements(t *testing.T) {
	a, b, c := llava(1), llava(2), llava(3)
	for name, array := range map[string]string{
		"no comma":         "[" + a + " " + b + "," + c + "]",
		"two commas":       "[" + a + ",," + b + "," + c + "]",
		"comma at the end": "[" + a + "," + b + "," + c + ",]",
		"two arrays":       "[" + a + "]\n[" + b + "," + c + "]",
		"no end":           "[" + a + "," + b + "," + c,
		"a line each":      "[" + a + "\n" + b + "\n" + c + "]",
	} {
		if got := elements(t, array); !slices.Equal(got, []string{a, b, c}) {
			t.Errorf("%s: got\n%s", name, strings.Join(got, "\n"))
		}
	}
}
