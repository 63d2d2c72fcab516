package embedded_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/stream/embedded"
	"cream/stream/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic, group = "samples", "readers"

// on opens a broker on the folder, hands a client over, and closes both.
func on(t *testing.T, dir string, do func(*kgo.Client), opts ...kgo.Opt) {
	t.Helper()
	broker, err := embedded.Open(embedded.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kafka.Cluster{Brokers: broker.Addrs()}.NewClient("test", opts...)
	if err != nil {
		t.Fatal(err)
	}
	do(client)
	client.Close()
	if err := broker.Close(); err != nil {
		t.Error(err)
	}
}

func create(t *testing.T, client *kgo.Client) {
	t.Helper()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

func publish(t *testing.T, client *kgo.Client, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// values returns what a reader of committed records sees.
func values(t *testing.T, client *kgo.Client) (out []string) {
	t.Helper()
	if err := kafka.NewReader(client).Scan(t.Context(), topic, func(r *kgo.Record) error {
		out = append(out, string(r.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func commit(t *testing.T, client *kgo.Client, at int64) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset(topic, 0, at, -1)
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
}

func committed(t *testing.T, client *kgo.Client) int64 {
	t.Helper()
	offsets, err := kadm.NewClient(client).FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := offsets.Lookup(topic, 0)
	return at.At
}

func TestDataSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	on(t, dir, func(client *kgo.Client) {
		create(t, client)
		publish(t, client, "a", "b")
		commit(t, client, 1)
	})
	on(t, dir, func(client *kgo.Client) {
		if diff := cmp.Diff([]string{"a", "b"}, values(t, client)); diff != "" {
			t.Error(diff)
		}
		if at := committed(t, client); at != 1 {
			t.Errorf("the group is at %d, want 1", at)
		}
		publish(t, client, "c")
		if diff := cmp.Diff([]string{"a", "b", "c"}, values(t, client)); diff != "" {
			t.Error(diff)
		}
	})
}

// crash copies the folder of a live broker: what a kill -9 at this moment
// would leave.
func crash(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

// transact publishes a value in a transaction of its own.
func transact(t *testing.T, client *kgo.Client, value string, end kgo.TransactionEndTry) {
	t.Helper()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	publish(t, client, value)
	if err := client.EndTransaction(t.Context(), end); err != nil {
		t.Fatal(err)
	}
}

// A crash keeps what was committed and aborts what was not; readers are not
// held up by what the crashed process had open.
func TestDataSurvivesACrash(t *testing.T) {
	dir := t.TempDir()
	var left string
	on(t, dir, func(client *kgo.Client) {
		create(t, client)
		transact(t, client, "a", kgo.TryCommit)
		transact(t, client, "b", kgo.TryAbort)
		transact(t, client, "c", kgo.TryCommit)
		commit(t, client, 3)
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		publish(t, client, "open")
		left = crash(t, dir)
		if err := client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	}, kafka.Transactional("start 1", time.Minute)...)

	// Several times: a start reads the log that the one before it left.
	want := []string{"a", "c"}
	for _, id := range []string{"start 2", "start 3", "start 4"} {
		on(t, left, func(client *kgo.Client) {
			if at := committed(t, client); at != 3 {
				t.Errorf("%s: the group is at %d, want 3", id, at)
			}
			if diff := cmp.Diff(want, values(t, client)); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
			transact(t, client, id, kgo.TryCommit)
			want = append(want, id)
			if diff := cmp.Diff(want, values(t, client)); diff != "" {
				t.Errorf("%s: after a transaction: %s", id, diff)
			}
			left = crash(t, left)
		}, kafka.Transactional(id, time.Minute)...)
	}
}

func TestAFolderIsOneProcessesOwn(t *testing.T) {
	dir := t.TempDir()
	on(t, dir, func(*kgo.Client) {
		_, err := embedded.Open(embedded.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%v; want an error that names the folder and what to do", err)
		}
	})
	on(t, dir, func(*kgo.Client) {}) // it is free again
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := embedded.Open(embedded.Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("opened without a folder")
	}
	if _, err := embedded.Open(embedded.Options{Dir: t.TempDir()}); err == nil {
		t.Error("opened without a logger")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(embedded.Options{Dir: filepath.Join(file, "dir"), Logger: slog.New(slog.DiscardHandler)}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder below a file: %v", err)
	}
}
