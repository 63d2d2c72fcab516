package selection

import (
	"testing"
	"time"
)

func TestWatermarks(t *testing.T) {
	type step struct {
		what      string // observe or idle
		partition int32
		at        int64
		want      int64 // the watermark behind the step; -1: none
	}
	for name, steps := range map[string][]step{
		"a partition that has shown nothing holds it back": {
			{"observe", 0, 5000, -1}, {"observe", 1, 3000, 2000},
		},
		"it is the lowest, and lateness behind": {
			{"observe", 0, 5000, -1}, {"observe", 1, 9000, 4000}, {"observe", 0, 7000, 6000},
		},
		"it does not go back": {
			{"observe", 0, 5000, -1}, {"observe", 1, 5000, 4000}, {"observe", 0, 1000, 4000}, {"observe", 1, 500, 4000},
		},
		"idle ones do not hold it back": {
			{"observe", 0, 5000, -1}, {"idle", 1, 0, 4000}, {"observe", 0, 8000, 7000},
		},
		"and do again once they are observed": {
			{"observe", 0, 5000, -1}, {"idle", 1, 0, 4000}, {"observe", 1, 4500, 4000}, {"observe", 0, 9000, 4000}, {"observe", 1, 7000, 6000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := NewWatermarks(time.Second, []int32{0, 1})
			for i, s := range steps {
				if s.what == "idle" {
					w.Idle(s.partition)
				} else {
					w.Observe(s.partition, s.at)
				}
				got, ok := w.Time()
				if !ok {
					got = -1
				}
				if got != s.want {
					t.Fatalf("behind step %d it is %d, want %d", i, got, s.want)
				}
				if w.AllIdle() {
					t.Fatal("not all are idle")
				}
			}
		})
	}
}

func TestAllIdle(t *testing.T) {
	w := NewWatermarks(time.Second, []int32{0, 1})
	w.Observe(0, 10)
	w.Idle(0)
	if w.AllIdle() {
		t.Error("partition 1 is not idle")
	}
	w.Idle(1)
	if !w.AllIdle() {
		t.Error("all are idle")
	}
	w.Observe(1, 20)
	if w.AllIdle() {
		t.Error("partition 1 came back")
	}
}
