package ingester

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"cream/schemas"
)

// File is a Source over a LLaVA file: a JSON array, or JSON lines. It reads
// as it goes, so that a file may be larger than memory.
type File struct {
	*Elements
	file *os.File
	size int64
	read atomic.Int64
}

// Elements cuts a JSON array or JSON lines into elements, whatever these are.
type Elements struct{ split splitter }

// splitter cuts a stream into elements. It returns io.EOF after the last.
// element holds at most maxKept bytes of it; size tells all.
type splitter interface {
	next() (element []byte, size int64, err error)
}

// OpenFile opens a LLaVA file and tells by its first character which kind it is.
func OpenFile(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the input: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: name a LLaVA file, a JSON array or JSON lines", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &File{file: file, size: info.Size()}
	if f.Elements, err = NewElements(countingReader{file, &f.read}); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), file.Close())
	}
	return f, nil
}

// NewElements tells by the first character whether an array or lines follow.
func NewElements(in io.Reader) (*Elements, error) {
	reader := bufio.NewReaderSize(in, 1<<20)
	if bom, _ := reader.Peek(3); string(bom) == "\uFEFF" {
		reader.Discard(3)
	}
	array, passed, err := startsArray(reader)
	if err != nil {
		return nil, err
	}
	if array {
		return &Elements{&arraySplitter{in: reader}}, nil
	}
	return &Elements{&lineSplitter{in: reader, line: passed}}, nil
}

// Raw returns the next element, or io.EOF after the last one. Of one of more
// bytes than MaxSample only the first may be there; size tells all. line is
// where it stands in a file of lines, from 1, and 0 in an array.
func (e *Elements) Raw() (element []byte, size, line int64, err error) {
	element, size, err = e.split.next()
	if lines, ok := e.split.(*lineSplitter); ok {
		line = lines.line
	}
	return element, size, line, err
}

type countingReader struct {
	io.Reader
	read *atomic.Int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// startsArray passes over white space and tells how many lines end in it, and
// whether a [ follows, which it takes too.
func startsArray(r *bufio.Reader) (array bool, lines int64, err error) {
	for {
		b, err := r.ReadByte()
		if err == io.EOF {
			return false, lines, nil
		}
		if err != nil {
			return false, lines, err
		}
		switch b {
		case '\n':
			lines++
		case ' ', '\t', '\r':
		case '[':
			return true, lines, nil
		default:
			return false, lines, r.UnreadByte()
		}
	}
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Fraction returns how much of the file has been read, 0 to 1.
func (f *File) Fraction() float64 {
	if f.size == 0 {
		return 1
	}
	return float64(f.read.Load()) / float64(f.size)
}

// Next implements Source.
func (f *File) Next(ctx context.Context) (Element, error) {
	if err := ctx.Err(); err != nil {
		return Element{}, err
	}
	raw, size, err := f.split.next()
	if err != nil {
		return Element{}, err
	}
	e := Element{Value: raw, Size: size, EventTime: schemas.NoTime}
	if size > MaxSample {
		return e, nil
	}
	// What cannot be read goes on as it is: the scorer says what is wrong
	// with it. Here only the key and the time are of interest.
	sample, err := schemas.ParseSample(raw)
	var format *schemas.FormatError
	if err == nil {
		e.Key, e.EventTime = []byte(sample.ID), sample.EventTime
	} else if errors.As(err, &format) && format.ID != "" {
		e.Key = []byte(format.ID)
	}
	return e, nil
}

// Skip implements Source.
func (f *File) Skip(ctx context.Context, n int64) error {
	for range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, _, err := f.split.next(); err != nil {
			if errors.Is(err, io.EOF) {
				return errors.New("the input has fewer: it is not the file that this data folder began with")
			}
			return err
		}
	}
	return nil
}

// lineSplitter cuts at line ends. Empty lines are no elements.
type lineSplitter struct {
	in   *bufio.Reader
	line int64 // the number of the line that was read last
}

func (s *lineSplitter) next() ([]byte, int64, error) {
	for {
		line, size, err := readLine(s.in)
		s.line++
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err // what came of the line is not the line
		}
		if size > int64(len(line)) || len(bytes.TrimSpace(line)) > 0 {
			return line, size, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// readLine reads a line without its end (\n or \r\n), and keeps at most
// maxKept bytes of it.
func readLine(r *bufio.Reader) (line []byte, size int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += int64(len(part))
		line = append(line, part[:min(len(part), maxKept-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if size == int64(len(line)) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			line = bytes.TrimSuffix(line, []byte("\r"))
			size = int64(len(line))
		}
		return line, size, err
	}
}

// compact takes the insignificant white space out of an element; what is not
// JSON stays as it is.
func compact(element []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(element))
	if json.Compact(&out, element) != nil {
		return element
	}
	return out.Bytes()
}
