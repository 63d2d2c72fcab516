package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/folder"
)

func TestReplay(t *testing.T) {
	f := embeddedtest.Start(t)
	b, err := loadBundle("")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		scores := make(map[string]float32)
		for _, name := range b.Capabilities {
			scores[name] = float32(i)
		}
		value, err := f.Codec.EncodeScore(&schemas.Score{
			ID: string(rune('a' + i)), EventTime: int64(i) * 1000, Topic: f.Topics.Samples, ContentHash: make([]byte, 32),
			Styles: []string{"yes/no"}, Scores: scores,
		})
		if err != nil {
			t.Fatal(err)
		}
		f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Key: []byte{byte('a' + i)}, Value: value})
	}
	brokers := []string{"--kafka-brokers", f.Broker.Addrs()[0]}
	out := t.TempDir()
	printed, err := cream(t, append([]string{"replay", "--from", "1970-01-01T00:00:10Z", "--out", out}, brokers...)...)
	if err != nil || !strings.HasPrefix(printed, "10 samples: 10 scored (0 duplicates), 0 dead; 3 chosen in 1 windows\n") {
		t.Errorf("%q, %v", printed, err)
	}
	if got := readLines(t, filepath.Join(out, folder.CuratedFile)); len(got) != 3 || !strings.HasPrefix(got[0], `{"id":"r"`) {
		t.Errorf("%q", got)
	}
	if printed, err := cream(t, "explain", "--from", out, "t"); err != nil || !strings.Contains(printed, "CHOSEN") {
		t.Errorf("%q, %v", printed, err)
	}
	into := append([]string{"replay", "--into", "new-"}, brokers...)
	if _, err := cream(t, into...); err == nil || !strings.Contains(err.Error(), "cream topics create") {
		t.Errorf("into topics that are not there: %v", err)
	}
	if _, err := cream(t, append([]string{"topics", "create", "--topics-prefix", "new-", "--replication", "1"}, brokers...)...); err != nil {
		t.Fatal(err)
	}
	if printed, err := cream(t, into...); err != nil || !strings.Contains(printed, "20 scores (0 duplicates), 0 dead; 6 chosen in 1 windows, and 6 for control\n") {
		t.Errorf("%q, %v", printed, err)
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nowhere":   {nil, []string{"--out", "--into"}},
		"both":      {[]string{"--out", "x", "--into", "y"}, []string{"one of them"}},
		"samples":   {[]string{"--into", "y", "--samples"}, []string{"--samples goes with --out"}},
		"a time":    {[]string{"--into", "y", "--from", "yesterday", "--to", "-3h"}, []string{"--from", "yesterday", "--to", "RFC 3339", "end"}},
		"backwards": {[]string{"--into", "y", "--from", "1h", "--to", "2h"}, []string{"--from 1h is not before --to 2h"}},
		"itself":    {[]string{"--into", "y", "--topics-prefix", "y"}, []string{"name another"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cream(t, append([]string{"replay"}, c.args...)...)
			if err == nil {
				t.Fatal("it ran")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "7d": now.Add(-7 * 24 * time.Hour), "90s": now.Add(-90 * time.Second),
		"2026-01-30T12:00:00+02:00": time.Date(2026, 1, 30, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := moment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
