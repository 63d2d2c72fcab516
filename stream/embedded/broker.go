package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"

	"cream/stream/kafka"
)

// Options of the broker.
type Options struct {
	Dir    string // data folder; made where it is not there
	Port   int    // on 127.0.0.1; 0 takes a free one
	Logger *slog.Logger
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	lock    *os.File
	dir     string
	closing sync.Once
}

// brokerFolder is kfake's own, within the data folder.
const brokerFolder = "broker"

// Open starts the broker on its folder, which one process at a time may use.
// After a crash it goes on with what was written: what a transaction had not
// committed is aborted. Producers must then take other transactional ids than
// before: kfake writes no marker for what it so aborts, and would mix it with
// the next transaction of its id.
func Open(opts Options) (*Broker, error) {
	if opts.Dir == "" || opts.Logger == nil {
		return nil, errors.New("embedded broker: Dir and Logger must be set")
	}
	if err := os.MkdirAll(opts.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("embedded broker: make the data folder: %w", err)
	}
	lock, err := lockFolder(opts.Dir)
	if err != nil {
		return nil, err
	}
	if err := repair(filepath.Join(opts.Dir, brokerFolder)); err != nil {
		lock.Close()
		return nil, err
	}
	kopts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DataDir(filepath.Join(opts.Dir, brokerFolder)),
		kfake.WithLogger(logger{opts.Logger}),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes": strconv.Itoa(2 * kafka.MaxMessageBytes),
			// A segment is deleted whole, so small ones keep the folder near
			// its bound. After a crash, what was deleted of a segment that is
			// still there is back.
			"log.segment.bytes":         strconv.Itoa(8 << 20),
			"offsets.retention.minutes": strconv.Itoa(10 * 365 * 24 * 60),
		}),
	}
	if opts.Port != 0 {
		kopts = append(kopts, kfake.Ports(opts.Port))
	}
	cluster, err := kfake.NewCluster(kopts...)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("embedded broker: start on %s: %w", opts.Dir, err)
	}
	return &Broker{cluster: cluster, lock: lock, dir: opts.Dir}, nil
}

// lockFolder makes sure that no other process has the folder open. The lock
// ends with the process, however that ends.
func lockFolder(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("embedded broker: the data folder %s is in use by another process: stop that one, or choose another folder with --data", dir)
	}
	return lock, nil
}

// Addrs returns host:port of the broker.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close stops the broker and writes what a quick start needs. Further calls do
// nothing.
func (b *Broker) Close() (err error) {
	b.closing.Do(func() {
		b.cluster.Close()
		err = b.lock.Close()
	})
	return err
}

// Size returns how many bytes the data folder holds.
func (b *Broker) Size() (int64, error) {
	var size int64
	err := filepath.WalkDir(b.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, os.ErrNotExist) { // deleted while we walk
				return nil
			}
			return err
		}
		if entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("embedded broker: measure the data folder: %w", err)
	}
	return size, nil
}

// logger passes the broker's errors and warnings on.
type logger struct{ *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.Error(fmt.Sprintf(format, args...), "stage", "broker")
	case kfake.LogLevelWarn:
		l.Warn(fmt.Sprintf(format, args...), "stage", "broker")
	}
}
