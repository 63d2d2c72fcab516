package selector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cream/selection"
)

// recallPolicies returns the policy that the windows found open were begun
// with, and those that came after it.
func (s *session) recallPolicies(ctx context.Context, found *restored) (begun selection.Policy, changes []selection.Change, err error) {
	s.marks, s.inForce = nil, nil
	for _, mark := range found.policies {
		p, ok := s.policy, mark.Version == s.policy.Version()
		if !ok && s.opts.Book != nil {
			if p, ok, err = s.opts.Book.Find(ctx, mark.Version); err != nil {
				return begun, nil, fmt.Errorf("%s: look up policy %s: %w", Stage, mark.Version, err)
			}
		}
		if !ok {
			s.opts.Logger.Warn("open windows were begun with a policy that is not known any more: they go by the present one", "policy", mark.Version)
			continue
		}
		if p.Window != s.policy.Window {
			// Started anew with other windows: what was open is begun again.
			s.opts.Logger.Warn("the policy's windows have changed: what was open goes by the present one", "policy", mark.Version)
			continue
		}
		s.marks = append(s.marks, mark)
		s.inForce = append(s.inForce, p)
		changes = append(changes, selection.Change{Policy: p, From: mark.From})
	}
	if len(changes) == 0 {
		s.mark(s.policy, 0)
		return s.policy, nil, nil
	}
	return changes[0].Policy, changes[1:], nil
}

// errLongerMemory ends a session so that the next one reads back what a new
// policy wants to remember.
var errLongerMemory = errors.New("select: the new policy asks for a longer memory, which is read back now")

// memory is for how long chosen samples are read back.
func (s *session) memory() time.Duration {
	longest := max(s.horizon(), s.policy.Dedup.Horizon)
	for _, p := range s.inForce {
		longest = max(longest, p.Dedup.Horizon)
	}
	return longest
}

// takeUpChange looks for a policy that is to hold from now on.
func (s *session) takeUpChange() {
	select {
	case p := <-s.opts.Changes:
		before, had := s.policy, s.memory()
		if !s.adopt(p, 0) {
			return
		}
		s.policy = p
		if s.memory() > had || p.Dedup.Content && !before.Dedup.Content || p.Dedup.Near && !before.Dedup.Near {
			s.remember = s.memory()
		}
	default:
	}
}

// adopt lets a policy hold from the next window on, or from a later one, unless
// it does already, and tells whether it does.
func (s *session) adopt(p selection.Policy, from int64) bool {
	if last := s.marks[len(s.marks)-1]; last.Version == p.Version() {
		return true
	}
	effects, err := s.machine.Step(selection.Change{Policy: p, From: from})
	if err != nil {
		s.opts.Logger.Error("the policy is not taken up, the one before goes on", "policy", p.Version(), "error", err)
		return false
	}
	s.mark(p, effects.From)
	s.opts.Logger.Info("policy taken up", "policy", p.Version(), "from", time.UnixMilli(effects.From).UTC())
	return true
}

// mark notes that a policy holds from a window on.
func (s *session) mark(p selection.Policy, from int64) {
	version := p.Version()
	if last := len(s.marks) - 1; last >= 0 && s.marks[last].From == from {
		s.marks, s.inForce = s.marks[:last], s.inForce[:last] // nobody has begun by that one
	}
	s.marks, s.inForce = append(s.marks, policyMark{Version: version, From: from}), append(s.inForce, p)
	s.holds.Store(&version)
	if s.opts.Book != nil {
		s.records = append(s.records, s.opts.Book.Record(p))
	}
}

// pruneMarks drops the policies that no window goes by any more.
func (s *session) pruneMarks() {
	for len(s.marks) > 1 && s.marks[1].From <= s.machine.ClosedThrough() {
		s.marks, s.inForce = s.marks[1:], s.inForce[1:]
	}
}
