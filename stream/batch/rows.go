package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"cream/stream/ingester"
)

// row is an element of an input, as it was given.
type row struct {
	number int64 // from 0
	line   int64 // from 1, in a file of lines; else 0
	value  []byte
	size   int64 // bytes; more than len(value) where it was cut
}

// rows is a file that is read row by row, always the same in the same order.
type rows struct {
	file  *os.File
	next  func() (row, error) // io.EOF after the last one
	read  func() float64      // how much of it has been, 0 to 1
	close func() error
}

// Close closes the file.
func (r *rows) Close() error {
	var err error
	if r.close != nil {
		err = r.close()
	}
	return errors.Join(err, r.file.Close())
}

// openRows opens a file and tells by its first bytes what it is.
func openRows(path string) (_ *rows, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the input: %w", err)
	}
	r := &rows{file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the input: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file: name a file, because it is read twice", path)
	}
	if err := r.open(info.Size()); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	next := r.next
	var number int64
	r.next = func() (row, error) {
		row, err := next()
		if err != nil && !errors.Is(err, io.EOF) {
			return row, fmt.Errorf("read %s: after %d rows: %w", path, number, err)
		}
		row.number = number
		number++
		return row, err
	}
	return r, nil
}

// Beginnings of files.
var (
	magicGzip    = []byte{0x1f, 0x8b}
	magicZstd    = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicParquet = []byte("PAR1")
)

func (r *rows) open(size int64) error {
	head := make([]byte, 4)
	n, err := r.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	if bytes.Equal(head, magicParquet) {
		return r.openParquet(size)
	}
	counted := &counter{in: r.file}
	r.read = func() float64 {
		if size == 0 {
			return 1
		}
		return float64(counted.n.Load()) / float64(size)
	}
	var in io.Reader = counted
	switch {
	case bytes.HasPrefix(head, magicGzip):
		z, err := gzip.NewReader(bufio.NewReaderSize(counted, 1<<18))
		if err != nil {
			return err
		}
		r.close, in = z.Close, z
	case bytes.Equal(head, magicZstd) || len(head) == 4 && head[0]>>4 == 5 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}):
		z, err := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(1<<30))
		if err != nil {
			return err
		}
		r.close, in = func() error { z.Close(); return nil }, z
	}
	elements, err := ingester.NewElements(in)
	if err != nil {
		return err
	}
	r.next = func() (row, error) {
		value, size, line, err := elements.Raw()
		return row{value: value, size: size, line: line}, err
	}
	return nil
}

// counter counts the bytes that are read through it.
type counter struct {
	in io.Reader
	n  atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// chunks cuts rows into pieces of work: at most so many rows, and about so
// many bytes.
func (r *rows) chunks(most int, bytes int64) func() ([]row, error) {
	return func() ([]row, error) {
		var chunk []row
		var size int64
		for len(chunk) < most && size < bytes {
			row, err := r.next()
			if errors.Is(err, io.EOF) && len(chunk) > 0 {
				break
			}
			if err != nil {
				return nil, err
			}
			chunk = append(chunk, row)
			size += int64(len(row.value))
		}
		return chunk, nil
	}
}

// rowSet is a set of row numbers.
type rowSet struct{ bits []uint64 }

func (s *rowSet) add(n int64) {
	for n>>6 >= int64(len(s.bits)) {
		s.bits = append(s.bits, 0)
	}
	s.bits[n>>6] |= 1 << (n & 63)
}

func (s *rowSet) remove(n int64) {
	if n>>6 < int64(len(s.bits)) {
		s.bits[n>>6] &^= 1 << (n & 63)
	}
}

func (s *rowSet) has(n int64) bool {
	return n>>6 < int64(len(s.bits)) && s.bits[n>>6]>>(n&63)&1 == 1
}
