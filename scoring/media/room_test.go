package media

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"cream/scoring"
)

// A slow picture's decoder and its pixels wait until they are let go. It is of
// a format that only this test knows.
const slowMagic = "cream-slow "

type slow struct {
	mu     sync.Mutex
	inside int           // pixels that are being decoded
	leave  chan struct{} // lets one picture go
}

var slowest *slow // whose pictures they are

func init() {
	size := func(r io.Reader) (w, h int, err error) {
		_, err = fmt.Fscanf(r, slowMagic+"%d %d", &w, &h)
		return w, h, err
	}
	image.RegisterFormat("slow", slowMagic, func(r io.Reader) (image.Image, error) {
		w, h, err := size(r)
		if err != nil || slowest == nil {
			return nil, errors.Join(err, errors.New("no slow picture"))
		}
		slowest.mu.Lock()
		defer slowest.mu.Unlock()
		slowest.inside += w * h
		return &slowPicture{Uniform: image.NewUniform(color.Black), w: w, h: h, of: slowest}, nil
	}, func(r io.Reader) (image.Config, error) {
		w, h, err := size(r)
		return image.Config{Width: w, Height: h}, err
	})
}

type slowPicture struct {
	*image.Uniform
	w, h int
	of   *slow
}

func (p *slowPicture) Bounds() image.Rectangle { return image.Rect(0, 0, p.w, p.h) }

func (p *slowPicture) RGBA64At(x, y int) color.RGBA64 {
	if x == p.w-1 && y == p.h-1 { // as it is flattened, at the last moment
		<-p.of.leave
		p.of.mu.Lock()
		defer p.of.mu.Unlock()
		p.of.inside -= p.w * p.h
	}
	return p.Uniform.RGBA64At(x, y)
}

func slowBytes(w, h int) []byte { return fmt.Appendf(nil, slowMagic+"%d %d\n", w, h) }

// TestRoomForPixels: as many pixels as one picture may have are decoded at a
// time, and the rest waits.
func TestRoomForPixels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slowest = &slow{leave: make(chan struct{})}
		defer func() { slowest = nil }()
		l, err := NewLoader("", Limits{Bytes: 1 << 10, Pixels: 100})
		if err != nil {
			t.Fatal(err)
		}
		prepare := func(w, h int) {
			go func() {
				if _, err := l.Prepare(slowBytes(w, h), 4, 4); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		inside := func(when string, want int) {
			t.Helper()
			if slowest.inside != want {
				t.Errorf("%s: %d pixels are being decoded, want %d", when, slowest.inside, want)
			}
		}
		leave := func() {
			slowest.leave <- struct{}{}
			synctest.Wait()
		}
		prepare(5, 10)
		prepare(5, 10)
		inside("two of half the limit", 100)
		prepare(10, 10)
		inside("one of the limit waits", 100)
		leave()
		inside("it waits for both", 50)
		if _, err := l.Prepare(slowBytes(101, 1), 4, 4); scoring.ReasonOf(err) != "image-too-large" {
			t.Errorf("one above the limit does not wait: got %v", err)
		}
		leave()
		inside("it has all the room", 100)
		leave()
		inside("all have gone", 0)
	})
}

// TestRoomIsGivenBack prepares pictures of all sizes by many at once, broken
// ones among them: what fails gives its room back, too.
func TestRoomIsGivenBack(t *testing.T) {
	const side = 20
	l, err := NewLoader("", Limits{Bytes: 1 << 20, Pixels: side * side})
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for n := 1; n <= side; n++ {
		whole := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, scene(side, n)) })
		pictures = append(pictures, whole, whole[:len(whole)-20])
	}
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(caller)))
			for _, i := range random.Perm(len(pictures)) {
				_, err := l.Prepare(pictures[i], 8, 8)
				if broken := i%2 == 1; broken != (err != nil) {
					t.Errorf("picture %d: %v", i, err)
				}
			}
		})
	}
	callers.Wait()
	if !l.room.TryAcquire(side * side) {
		t.Error("room was not given back")
	}
}
