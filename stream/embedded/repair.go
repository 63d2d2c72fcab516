package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The broker writes one thing after another, and a process that is killed
// leaves the last one unfinished. Two of those would be taken for finished when
// the broker starts again:
//
//   - A batch that is in its segment and not yet in the index. The index tells
//     that a batch belongs to an open transaction: without its entry the batch
//     would count as committed.
//   - The end of a transaction that has marked some of its partitions and not
//     yet the others: a part of it would count as committed.
//
// Nobody has been told that either is done, so both are undone: the batch and
// the markers are cut off, and the broker aborts what is open, as it does.
//
// The layout is kfake's: partitions/TOPIC-N/BASE.dat holds Kafka's record
// batches one behind the other, BASE.idx an entry of indexEntry bytes for each.
const indexEntry = 15

// repair undoes what the broker was in the middle of. dir is the broker's.
func repair(dir string) error {
	folders, err := filepath.Glob(filepath.Join(dir, "partitions", "*"))
	if err != nil {
		return err
	}
	var partitions []*partition
	for _, folder := range folders {
		p, err := readPartition(folder)
		if err != nil {
			return fmt.Errorf("embedded broker: look for what a crash left in %s: %w", folder, err)
		}
		partitions = append(partitions, p)
	}
	for _, p := range partitions {
		if p.endsInMarker() && slices.ContainsFunc(partitions, func(o *partition) bool { return o.awaits(p.last) }) {
			if err := p.segment.cut(len(p.segment.batches) - 1); err != nil {
				return fmt.Errorf("embedded broker: undo half an end of a transaction: %w", err)
			}
		}
	}
	return nil
}

// batch is what repair wants to know of a record batch, or of a marker.
type batch struct {
	end                    int64 // in the file
	producer               int64
	epoch                  int16
	control, transactional bool
	time                   int64 // latest, ms
}

// partition is a partition's log as a crash left it.
type partition struct {
	segment *segment
	last    batch           // of the log; the zero value where it is empty
	open    map[int64]batch // by producer: the last batch that no marker follows
}

// endsInMarker tells whether a marker was the last that was written.
func (p *partition) endsInMarker() bool {
	return p.segment != nil && len(p.segment.batches) > 0 && p.last.control
}

// awaits tells whether the partition has a part of the transaction that the
// marker ends, and no marker: one that was written before the marker.
func (p *partition) awaits(marker batch) bool {
	b, ok := p.open[marker.producer]
	return ok && b.epoch == marker.epoch && b.time <= marker.time
}

func readPartition(folder string) (*partition, error) {
	p := &partition{open: make(map[int64]batch)}
	files, err := filepath.Glob(filepath.Join(folder, "*.dat"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b string) int { return int(baseOf(a) - baseOf(b)) })
	for i, file := range files {
		s, err := readSegment(file)
		if err == nil && i == len(files)-1 {
			err = s.alignWithIndex()
		}
		if err != nil {
			return nil, err
		}
		p.segment = s
		for _, b := range s.batches {
			switch {
			case b.control:
				delete(p.open, b.producer)
			case b.transactional:
				p.open[b.producer] = b
			}
			p.last = b
		}
	}
	return p, nil
}

func baseOf(file string) int64 {
	base, _ := strconv.ParseInt(strings.TrimSuffix(filepath.Base(file), ".dat"), 10, 64)
	return base
}

// segment is a file of batches.
type segment struct {
	path    string
	batches []batch
}

// headerBytes of a record batch (Kafka's message format, version 2) reach up to
// its producer's epoch.
const headerBytes = 53

func readSegment(path string) (*segment, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &segment{path: path}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	header := make([]byte, headerBytes)
	for at := int64(0); ; {
		_, err := file.ReadAt(header, at)
		if errors.Is(err, io.EOF) {
			return s, nil // the broker itself cuts off what is torn
		}
		if err != nil {
			return nil, err
		}
		end := at + 12 + int64(binary.BigEndian.Uint32(header[8:]))
		if end <= at+headerBytes || end > info.Size() {
			return s, nil
		}
		attributes := binary.BigEndian.Uint16(header[21:])
		s.batches = append(s.batches, batch{
			end:      end,
			producer: int64(binary.BigEndian.Uint64(header[43:])), epoch: int16(binary.BigEndian.Uint16(header[51:])),
			transactional: attributes&0x10 != 0, control: attributes&0x20 != 0,
			time: int64(binary.BigEndian.Uint64(header[35:])),
		})
		at = end
	}
}

func (s *segment) index() string { return strings.TrimSuffix(s.path, ".dat") + ".idx" }

// alignWithIndex cuts off the batches that the index does not have.
func (s *segment) alignWithIndex() error {
	info, err := os.Stat(s.index())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s.cut(0)
	case err != nil:
		return err
	}
	if entries := int(info.Size() / indexEntry); entries < len(s.batches) {
		return s.cut(entries)
	}
	return nil
}

// cut keeps the first n batches.
func (s *segment) cut(n int) error {
	var end int64
	if n > 0 {
		end = s.batches[n-1].end
	}
	s.batches = s.batches[:n]
	err := os.Truncate(s.path, end)
	if entries := os.Truncate(s.index(), int64(n*indexEntry)); !errors.Is(entries, os.ErrNotExist) {
		err = errors.Join(err, entries)
	}
	return err
}
