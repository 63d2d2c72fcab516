package scoring

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"testing"
)

// TestEveryFolderSaysWhatLivesThere: each has a doc.go with the package's
// comment, but for data and the training in Python.
func TestEveryFolderSaysWhatLivesThere(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(folder string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if folder == "train" || entry.Name() == "testdata" {
			return fs.SkipDir
		}
		file, err := parser.ParseFile(token.NewFileSet(), path.Join(folder, "doc.go"), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Error(err)
		} else if file.Doc == nil {
			t.Errorf("%s/doc.go says nothing", folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
