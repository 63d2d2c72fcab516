package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// folder is the folder of the pictures that samples name by their paths. What
// lies in it is read, and nothing else: a path or a link that leads out of it
// is refused, but for links to folders that lie in it directly. Those are the
// operator's, who keeps pictures elsewhere; links further in may have come
// with the pictures.
type folder struct {
	root *os.Root

	mu    sync.Mutex
	links map[string]*os.Root // folders that are linked directly, by name
}

func openFolder(name string) (*folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the pictures' folder: %w", err)
	}
	return &folder{root: root, links: make(map[string]*os.Root)}, nil
}

func (f *folder) close() error {
	err := f.root.Close()
	for _, link := range f.links {
		err = errors.Join(err, link.Close())
	}
	return err
}

// find returns the root that a picture's path is to be opened below, and the
// path there.
func (f *folder) find(name string) (root *os.Root, below string) {
	name = f.relative(path.Clean(name))
	first, rest, nested := strings.Cut(name, "/")
	if !nested || first == "" || first == ".." {
		return f.root, name
	}
	if link := f.link(first); link != nil {
		return link, rest
	}
	return f.root, name
}

// relative returns a path as it is below the root, where it names the root itself.
func (f *folder) relative(name string) string {
	if path.IsAbs(name) {
		if root, err := filepath.Abs(f.root.Name()); err == nil {
			if inside, err := filepath.Rel(root, name); err == nil && filepath.IsLocal(inside) {
				return inside
			}
		}
	}
	return name
}

// link returns the folder that a name in the root is a link to, or nil.
func (f *folder) link(name string) *os.Root {
	f.mu.Lock()
	defer f.mu.Unlock()
	if link, ok := f.links[name]; ok {
		return link
	}
	info, err := f.root.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	link, err := os.OpenRoot(filepath.Join(f.root.Name(), name))
	if err != nil {
		return nil
	}
	f.links[name] = link
	return link
}
