package policies_test

import (
	"context"
	"os"
	"path/filepath"
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

// TestWatchFile: a change is taken, a text that is no policy is not, and a file
// that is gone for a moment is waited for.
func TestWatchFile(t *testing.T) {
	f := embeddedtest.Start(t)
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		write("seed: 1")
		ctx, cancel := context.WithCancel(t.Context())
		var seeds []uint64
		go policies.WatchFile(ctx, path, func() (selection.Policy, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return selection.Policy{}, err
			}
			return parse(path, text)
		}, f.Logger, func(p selection.Policy) { seeds = append(seeds, p.Seed) })
		wait := func() { time.Sleep(3 * time.Second); synctest.Wait() }
		wait()
		write("seed: 2")
		wait()
		write("sead: 3")
		wait()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		wait()
		write("seed: 4")
		wait()
		cancel()
		synctest.Wait()
		if len(seeds) != 2 || seeds[0] != 2 || seeds[1] != 4 {
			t.Errorf("seeds taken: %v, want 2 and 4", seeds)
		}
	})
}
