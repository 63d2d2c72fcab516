package selector

import (
	"context"
	"fmt"
	"time"

	"cream/selection"
)

// recallPolicies returns the policy that the windows found open were begun
// with, and those that came after it.
func (s *session) recallPolicies(ctx context.Context, found *restored) (begun selection.Policy, changes []selection.Change, err error) {
	s.marks = nil
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
		changes = append(changes, selection.Change{Policy: p, From: mark.From})
	}
	if len(changes) == 0 {
		s.mark(s.policy, 0)
		return s.policy, nil, nil
	}
	return changes[0].Policy, changes[1:], nil
}

// takeUpChange looks for a policy that is to hold from now on.
func (s *session) takeUpChange() {
	select {
	case p := <-s.opts.Changes:
		s.policy = p
		s.adopt(p, 0)
	default:
	}
}

// adopt lets a policy hold from the next window on, or from a later one, unless
// it does already.
func (s *session) adopt(p selection.Policy, from int64) {
	if last := s.marks[len(s.marks)-1]; last.Version == p.Version() {
		return
	}
	effects, err := s.machine.Step(selection.Change{Policy: p, From: from})
	if err != nil {
		s.opts.Logger.Error("the policy is not taken up, the one before goes on", "policy", p.Version(), "error", err)
		return
	}
	s.mark(p, effects.From)
	s.opts.Logger.Info("policy taken up", "policy", p.Version(), "from", time.UnixMilli(effects.From).UTC())
}

// mark notes that a policy holds, and that no window needs those that ended
// before the last that closed.
func (s *session) mark(p selection.Policy, from int64) {
	version := p.Version()
	s.marks = append(s.marks, policyMark{Version: version, From: from})
	s.holds.Store(&version)
	if s.machine != nil {
		for len(s.marks) > 1 && s.marks[1].From <= s.machine.ClosedThrough() {
			s.marks = s.marks[1:]
		}
	}
	if s.opts.Book != nil {
		s.taken = append(s.taken, s.opts.Book.Record(p))
	}
}
