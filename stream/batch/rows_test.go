package batch_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"cream/selection/golden"
	"cream/stream/batch"
	"cream/stream/folder"
)

// pack writes text through a compressor, under a name that tells nothing.
func pack(t *testing.T, kind, text string) string {
	t.Helper()
	var packed bytes.Buffer
	switch kind {
	case "gzip":
		z := gzip.NewWriter(&packed)
		fmt.Fprint(z, text)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	case "zstd":
		z, err := zstd.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(z, text)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	default:
		packed.WriteString(text)
	}
	path := filepath.Join(t.TempDir(), "scores")
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// parquetForm is how a Parquet file has the scores.
type parquetForm int

const (
	asMap     parquetForm = iota // scores: a map
	asGroup                      // scores: a group of fields
	asColumns                    // a column scores.x each
)

// inParquet writes the pool as a Parquet file of two row groups.
func inParquet(t *testing.T, g *golden.Case, form parquetForm) string {
	t.Helper()
	field := func(name, tag string, value any) reflect.StructField {
		return reflect.StructField{Name: name, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", tag)), Type: reflect.TypeOf(value)}
	}
	columns := []reflect.StructField{field("ID", "id", ""), field("Source", "source,optional", ""), field("Styles", "styles,list", []string{})}
	var fields []reflect.StructField
	for i, c := range g.Capabilities {
		if form == asColumns {
			c = "scores." + c
		}
		fields = append(fields, field(fmt.Sprint("F", i), c, float32(0)))
	}
	switch form {
	case asMap:
		columns = append(columns, field("Scores", "scores", map[string]float32{}))
	case asGroup:
		columns = append(columns, field("Scores", "scores", reflect.Zero(reflect.StructOf(fields)).Interface()))
	case asColumns:
		columns = append(columns, fields...)
	}
	path := filepath.Join(t.TempDir(), "scores")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewWriter(file, parquet.Compression(&parquet.Zstd))
	for i, s := range g.Samples {
		row := reflect.New(reflect.StructOf(columns)).Elem()
		row.Field(0).SetString(s.ID())
		row.Field(1).SetString(s.Source)
		row.Field(2).Set(reflect.ValueOf(s.Styles))
		scores := make(map[string]float32)
		for j, name := range g.Capabilities {
			scores[name] = s.Scores[j]
			switch form {
			case asGroup:
				row.Field(3).Field(j).SetFloat(float64(s.Scores[j]))
			case asColumns:
				row.Field(3 + j).SetFloat(float64(s.Scores[j]))
			}
		}
		if form == asMap {
			row.Field(3).Set(reflect.ValueOf(scores))
		}
		if err := w.Write(row.Interface()); err != nil {
			t.Fatal(err)
		}
		if i == len(g.Samples)/2 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// The form of the file does not show in the choice.
func TestFormsOfAFile(t *testing.T) {
	g := golden.Read(t, "../../../shared")[0] // one pool says enough
	lines := linesOf(t, g, false)
	text := strings.Join(lines, "\n") + "\n"
	shuffled := append([]string(nil), lines...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	files := map[string]string{
		"lines":    pack(t, "", text),
		"shuffled": pack(t, "", strings.Join(shuffled, "\n")),
		"CRLF":     pack(t, "", "\ufeff\r\n"+strings.Join(lines, "\r\n\r\n")),
		"array":    pack(t, "", "[\n"+strings.Join(lines, ",\n")+"\n]"),
		"gzip":     pack(t, "gzip", text),
		"zstd":     pack(t, "zstd", text),
		"map":      inParquet(t, g, asMap),
		"group":    inParquet(t, g, asGroup),
		"columns":  inParquet(t, g, asColumns),
	}
	for form, path := range files {
		t.Run(form, func(t *testing.T) {
			dir, summary := run(t, path, policyOf(g, true))
			check(t, g, dir, summary)
		})
	}
}

// Several gzip members or zstd frames behind each other are one file.
func TestPartsOfAFile(t *testing.T) {
	one, two := line("a", 1, 2)+"\n", line("b", 2, 1)+"\n"
	for _, kind := range []string{"gzip", "zstd"} {
		var both []byte
		for _, part := range []string{one, two} {
			packed, err := os.ReadFile(pack(t, kind, part))
			if err != nil {
				t.Fatal(err)
			}
			both = append(both, packed...)
		}
		dir, _ := run(t, pack(t, "", string(both)), "budget: {ratio: 1}")
		if diff := cmp.Diff(one+two, read(t, dir, folder.CuratedFile)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		cut := pack(t, "", string(both[:len(both)-3]))
		if _, err := try(t, batch.Options{Scores: cut, Capabilities: []string{"x", "y"}}); err == nil || !strings.Contains(err.Error(), cut) {
			t.Errorf("%s: a file that was cut: %v", kind, err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, path := range map[string]string{
		"none":    filepath.Join(t.TempDir(), "nowhere.jsonl"),
		"folder":  t.TempDir(),
		"device":  os.DevNull,
		"parquet": pack(t, "", "PAR1 and then no more of it PAR1"),
		"gzip":    pack(t, "", "\x1f\x8b and no more"),
		"zstd":    pack(t, "", "\x28\xb5\x2f\xfd and no more of it"),
	} {
		if _, _, err := batch.Names(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
