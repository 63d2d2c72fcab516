package policies_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/policies"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func book(f *embeddedtest.Flow, name string) policies.Book {
	return policies.Book{Cluster: f.Cluster, Topic: f.Topics.Policies, Name: name, Parse: parse}
}

func parse(name string, text []byte) (selection.Policy, error) {
	return selection.ParsePolicy(name, text, nil, nil)
}

// TestBook: of each name the last text holds, and what held before is found
// again by its version.
func TestBook(t *testing.T) {
	f := embeddedtest.Start(t)
	plain, named := book(f, ""), book(f, "ocr-heavy")
	if _, ok, err := plain.Latest(t.Context()); ok || err != nil {
		t.Fatalf("a policy in an empty topic: %t, %v", ok, err)
	}
	first, err := plain.Publish(t.Context(), []byte("seed: 1\nbudget: {count: 5}"))
	if err != nil {
		t.Fatal(err)
	}
	f.Publish(t, plain.Record(first))
	second, err := plain.Publish(t.Context(), []byte("seed: 2"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := named.Publish(t.Context(), []byte("seed: 3")); err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Publish(t.Context(), []byte("sead: 4")); err == nil {
		t.Error("a text that is no policy is published")
	}
	if p, ok, err := plain.Latest(t.Context()); !ok || err != nil || p.Version() != second.Version() {
		t.Errorf("what holds is %s, want %s (%v)", p.Version(), second.Version(), err)
	}
	if p, ok, err := named.Latest(t.Context()); !ok || err != nil || p.Seed != 3 {
		t.Errorf("what holds for a name is of seed %d, want 3 (%v)", p.Seed, err)
	}
	if p, ok, err := plain.Find(t.Context(), first.Version()); !ok || err != nil || p.Version() != first.Version() {
		t.Errorf("found %t %s, want %s (%v)", ok, p.Version(), first.Version(), err)
	}
	if _, ok, err := named.Find(t.Context(), first.Version()); ok || err != nil {
		t.Errorf("another name's version is found (%v)", err)
	}
}

// TestWatch: what holds comes first, and then each change that is a policy.
func TestWatch(t *testing.T) {
	f := embeddedtest.Start(t)
	b := book(f, "")
	f.Publish(t, b.Publication([]byte("seed: 5")))
	ctx, cancel := context.WithCancel(t.Context())
	taken := make(chan selection.Policy, 10)
	var run sync.WaitGroup
	run.Go(func() {
		if err := b.Watch(ctx, f.Logger, func(p selection.Policy) { taken <- p }); err != nil {
			t.Error(err)
		}
	})
	if p := <-taken; p.Seed != 5 {
		t.Errorf("the first is of seed %d, want 5", p.Seed)
	}
	f.Publish(t, b.Publication([]byte("sead: 6")))
	f.Publish(t, &kgo.Record{Topic: f.Topics.Policies, Key: []byte("another"), Value: []byte("seed: 7")}, b.Publication([]byte("seed: 8")))
	if p := <-taken; p.Seed != 8 {
		t.Errorf("the next is of seed %d, want 8", p.Seed)
	}
	cancel()
	run.Wait()
}

// watchFile lets a policy file begin with a text and watches it, on the clock of
// a synctest bubble, while use goes on with it. look waits until the watch has
// had a few more looks. It returns the seeds of the policies taken, and the log.
func watchFile(t *testing.T, text string, use func(t *testing.T, path string, look func())) (seeds []uint64, log string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, text)
	var lines strings.Builder
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go policies.WatchFile(ctx, path, func() (selection.Policy, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return selection.Policy{}, err
			}
			return selection.ParsePolicy(path, text, nil, func(list string) (string, []byte, error) {
				ids, err := os.ReadFile(filepath.Join(filepath.Dir(path), list))
				return list, ids, err
			})
		}, slog.New(slog.NewTextHandler(&lines, nil)), func(p selection.Policy) { seeds = append(seeds, p.Seed) })
		look := func() { time.Sleep(3 * time.Second); synctest.Wait() }
		look()
		use(t, path, look)
		cancel()
		synctest.Wait()
	})
	return seeds, lines.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestWatchFile: a change is taken, a text that is no policy is not, and a file
// that is gone is waited for.
func TestWatchFile(t *testing.T) {
	seeds, log := watchFile(t, "seed: 1", func(t *testing.T, path string, look func()) {
		write(t, path, "seed: 2")
		look()
		write(t, path, "sead: 3")
		look()
		remove(t, path)
		look()
		write(t, path, "seed: 4")
		look()
	})
	if !slices.Equal(seeds, []uint64{2, 4}) {
		t.Errorf("seeds taken: %v, want 2 and 4", seeds)
	}
	if n := strings.Count(log, "is not taken up"); n != 1 {
		t.Errorf("told %d times of a text that is no policy:\n%s", n, log)
	}
}

// TestWatchFileWaitsUntilItIsWritten: what one look finds may be half of it.
func TestWatchFileWaitsUntilItIsWritten(t *testing.T) {
	seeds, log := watchFile(t, "seed: 1", func(t *testing.T, path string, look func()) {
		for _, text := range []string{"", "budget: {count: 5}\n", "budget: {count: 5}\nseed: 2"} {
			write(t, path, text)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		look()
	})
	if !slices.Equal(seeds, []uint64{2}) || strings.Contains(log, "level=ERROR") {
		t.Errorf("seeds taken: %v, want 2\n%s", seeds, log)
	}
}

// TestWatchFileReadsWhatWasRefusedAgain: a list that a policy names may come
// later than the policy.
func TestWatchFileReadsWhatWasRefusedAgain(t *testing.T) {
	seeds, log := watchFile(t, "seed: 1", func(t *testing.T, path string, look func()) {
		write(t, path, "seed: 2\nexclude: {ids: ids.txt}")
		look()
		write(t, filepath.Join(filepath.Dir(path), "ids.txt"), "a\n")
		look()
	})
	if n := strings.Count(log, "is not taken up"); n != 1 || !slices.Equal(seeds, []uint64{2}) {
		t.Errorf("told %d times that it is not taken up, want once; seeds taken: %v, want 2\n%s", n, seeds, log)
	}
}

// TestWatchFileTellsWhatIsGone: a file that cannot be read is told of once, and
// once when it is back; one that was only away between two looks is not.
func TestWatchFileTellsWhatIsGone(t *testing.T) {
	count := func(log string) [2]int {
		return [2]int{
			strings.Count(log, `level=WARN msg="the policy file cannot be read, goes on by the last policy"`),
			strings.Count(log, `level=INFO msg="the policy file is back"`),
		}
	}
	seeds, log := watchFile(t, "seed: 1", func(t *testing.T, path string, look func()) {
		remove(t, path)
		look()
		look()
		write(t, path, "seed: 1")
		look()
		remove(t, path)
		if err := os.Mkdir(path, 0o700); err != nil { // there, and no file
			t.Fatal(err)
		}
		look()
		remove(t, path)
		look()
		write(t, path, "seed: 2")
		look()
	})
	if got := count(log); got != [2]int{2, 2} || !slices.Equal(seeds, []uint64{2}) {
		t.Errorf("told %d times that it is gone or back, want twice each; seeds taken: %v, want 2\n%s", got, seeds, log)
	}
	_, log = watchFile(t, "seed: 1", func(t *testing.T, path string, _ func()) {
		remove(t, path)
		time.Sleep(time.Second)
		synctest.Wait()
		write(t, path, "seed: 1")
		time.Sleep(time.Second)
	})
	if got := count(log); got != [2]int{} {
		t.Errorf("told %d times of a file that was replaced:\n%s", got, log)
	}
}
