package ingester

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func array(in io.Reader) splitter { return &arraySplitter{in: bufio.NewReader(in)} }

func lines(in io.Reader) splitter { return &lineSplitter{in: bufio.NewReader(in)} }

func split(t testing.TB, s splitter) (elements []string) {
	t.Helper()
	for {
		element, size, err := s.next()
		if errors.Is(err, io.EOF) {
			return elements
		}
		if err != nil {
			t.Fatal(err)
		}
		if size < int64(len(element)) || size > maxKept == (size == int64(len(element))) {
			t.Errorf("an element of %d bytes is said to have %d", len(element), size)
		}
		elements = append(elements, string(element))
	}
}

func TestSplitArray(t *testing.T) {
	for _, test := range []struct {
		in   string // behind the opening bracket
		want []string
	}{
		{``, nil},
		{`]`, nil},
		{" \n ] \r\n", nil},
		{`1, "a" ,null,{},[] ]`, []string{`1`, `"a"`, `null`, `{}`, `[]`}},
		{"\r\n {\"a\": 1 ,\r\n \"b\" : [ 2, {} ]},\r\n {}\r\n]\r\n", []string{`{"a":1,"b":[2,{}]}`, `{}`}},
		{`{"a":{"b":[[{"c":[]}]]}},{"a":[1,[2,[3]]]}]`, []string{`{"a":{"b":[[{"c":[]}]]}}`, `{"a":[1,[2,[3]]]}`}},
		{`{"a": "[{,}]"}, "]"]`, []string{`{"a":"[{,}]"}`, `"]"`}},
		{`{"a": "\"]\\"}, "\\", "\\\""]`, []string{`{"a":"\"]\\"}`, `"\\"`, `"\\\""`}},
		{`{}, {},]`, []string{`{}`, `{}`}},
		{`,{},,{}]`, []string{`{}`, `{}`}},
		{"\u00a0]", []string{"\u00a0"}}, // white space to some, a mistake in JSON

		// Behind the end of the array something is wrong, and it is told.
		{`{}] {"a": [1, 2]} x`, []string{`{}`, `{"a": [1, 2]} x`}},
		// A file that was cut.
		{`{"a":1}, {"b": [2, "x`, []string{`{"a":1}`, `{"b": [2, "x`}},
		// A string, an object, a list without an end, and brackets that do not match.
		{"{\"a\": \"b}\n,{\"c\":2},{\"d\":3}]", []string{`{"a": "b}`, `{"c":2}`, `{"d":3}`}},
		{"{\"a\": \"b\n},{\"c\":2},{\"d\":3}]", []string{"{\"a\": \"b\n}", `{"c":2}`, `{"d":3}`}},
		{"{\"a\": \"b}, \n{\"c\":2},{\"d\":3}]", []string{`{"a": "b}`, `{"c":2}`, `{"d":3}`}},
		{"{\"a\": \"b\\\n},{\"c\":2}]", []string{"{\"a\": \"b\\\n}", `{"c":2}`}},
		{`{"a": 1, {"b": 2}, {"c": 3}]`, []string{`{"a": 1`, `{"b":2}`, `{"c":3}`}},
		{`{"a": [{"b": 1}}, {"c": 3}]`, []string{`{"a": [{"b": 1}}`, `{"c":3}`}},
		{`{"a": {"b": [1}, "d": 2}, {"c": 3}]`, []string{`{"a": {"b": [1}, "d": 2}`, `{"c":3}`}},
		{`{"a": 1}}, {"c": 3}]`, []string{`{"a": 1}}`, `{"c":3}`}},
		{`{"a": [1, {"b": 2]}, {"c": 3}]`, []string{`{"a": [1, {"b": 2]}`, `{"c":3}`}},
	} {
		if diff := cmp.Diff(test.want, split(t, array(strings.NewReader(test.in)))); diff != "" {
			t.Errorf("%q: %s", test.in, diff)
		}
	}
}

func TestSplitLines(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"\n \r\n\t\n", nil},
		{"{}\n{\"a\": 1}\n", []string{`{}`, `{"a": 1}`}},
		{"{}\r\n{\"a\":\t1}", []string{`{}`, "{\"a\":\t1}"}},
		{"{\"a\": \n{}\n", []string{`{"a": `, `{}`}},
		{"\xff\x00\n{}", []string{"\xff\x00", `{}`}},
	} {
		if diff := cmp.Diff(test.want, split(t, lines(strings.NewReader(test.in)))); diff != "" {
			t.Errorf("%q: %s", test.in, diff)
		}
	}
}

// value draws any JSON value.
func value(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int().AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(),
		rapid.String().AsAny(), rapid.StringMatching(`[\]\[{},:"\\ \n]*`).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(value(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func TestSplittingUndoesMarshalling(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(value(3), 0, 8).Draw(rt, "values")
		whole, err := json.MarshalIndent(values, rapid.StringMatching(`[ \t]{0,3}`).Draw(rt, "prefix"), rapid.StringMatching(`[ \t]{0,3}`).Draw(rt, "indent"))
		if err != nil {
			rt.Fatal(err)
		}
		var want, inLines []string
		for _, v := range values {
			element, err := json.Marshal(v)
			if err != nil {
				rt.Fatal(err)
			}
			want = append(want, string(element))
			inLines = append(inLines, string(element)+"\n")
		}
		if diff := cmp.Diff(want, split(t, array(bytes.NewReader(bytes.TrimLeft(whole, " \t")[1:])))); diff != "" {
			rt.Fatalf("array: %s", diff)
		}
		if diff := cmp.Diff(want, split(t, lines(strings.NewReader(strings.Join(inLines, ""))))); diff != "" {
			rt.Fatalf("lines: %s", diff)
		}
	})
}

// Of an element that is too large only a part is kept; its size tells all,
// and what follows is read as ever.
func TestSplitHugeElements(t *testing.T) {
	huge := func(n int) io.Reader {
		return io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(repeat('x'), int64(n)), strings.NewReader(`"}`))
	}
	const more, less = maxKept + 1<<20, 20 << 20
	for name, s := range map[string]splitter{
		"array": array(io.MultiReader(strings.NewReader("1,"), huge(less), strings.NewReader(","), huge(more), strings.NewReader(",\n2]"))),
		"lines": lines(io.MultiReader(strings.NewReader("1\n"), huge(less), strings.NewReader("\n"), huge(more), strings.NewReader("\n2\n"))),
	} {
		for i, want := range []struct{ kept, size int }{{1, 1}, {less + 8, less + 8}, {maxKept, more + 8}, {1, 1}} {
			element, size, err := s.next()
			if err != nil {
				t.Fatalf("%s: element %d: %v", name, i, err)
			}
			// In lines the line's end is counted where the line was cut.
			if extra := size - int64(want.size); len(element) != want.kept || extra < 0 || extra > 1 {
				t.Errorf("%s: element %d: %d bytes kept of %d, want %d of %d", name, i, len(element), size, want.kept, want.size)
			}
		}
	}
}

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// White space takes no room, however much there is before an element.
func TestSplitBehindMuchWhiteSpace(t *testing.T) {
	spaces := io.LimitReader(repeat(' '), maxKept+1)
	if diff := cmp.Diff([]string{`{"a":1}`}, split(t, array(io.MultiReader(spaces, strings.NewReader(`{"a": 1}]`))))); diff != "" {
		t.Error(diff)
	}
}

// A disk that fails in the middle of an element is told, and what came of the
// element is not taken for it.
func TestSplitOfAFailingFile(t *testing.T) {
	broken := errors.New("input/output error")
	for name, make := range map[string]func(io.Reader) splitter{"array": array, "lines": lines} {
		s := make(io.MultiReader(strings.NewReader(`{"a": 1, "b`), failing{broken}))
		if element, _, err := s.next(); !errors.Is(err, broken) {
			t.Errorf("%s: %q, %v; want the disk's error", name, element, err)
		}
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

func FuzzArraySplitter(f *testing.F) {
	for _, seed := range []string{
		``, `]`, `{}, {"a": [1, "]"]}]`, `{"a": 1, {"b": 2}]`, "{\"a\": \"b\n}, {}]", `{"a": [}, []`, `"\\\"`, `{}] {} {}`, `,,,]`,
	} {
		f.Add([]byte(seed))
	}
	f.Add(bytes.Repeat([]byte("["), 2*maxDepth))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := array(bytes.NewReader(in))
		total := 0
		for n := 0; ; n++ {
			element, size, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(element) == 0 || size != int64(len(element)) {
				t.Fatalf("element %q of size %d", element, size)
			}
			if total += len(element); total > len(in) {
				t.Fatalf("%d bytes came of %d", total, len(in))
			}
		}
		// What is JSON is split as a JSON parser would.
		var parsed []json.RawMessage
		if json.Unmarshal(fmt.Appendf(nil, "[%s", in), &parsed) != nil {
			return
		}
		var want []string
		for _, p := range parsed {
			want = append(want, string(compact(p)))
		}
		if diff := cmp.Diff(want, split(t, array(bytes.NewReader(in)))); diff != "" {
			t.Fatal(diff)
		}
	})
}
