package schemas

import (
	"errors"
	"fmt"
)

// The mapping between each record's Go type and the native form that goavro
// reads and writes; the names are those of the .avsc files.

func (s *Sample) native() map[string]any {
	turns := make([]any, len(s.Conversation))
	for i, t := range s.Conversation {
		turns[i] = map[string]any{"role": t.Role, "text": t.Text}
	}
	images := make([]any, len(s.Images))
	for i, im := range s.Images {
		native := map[string]any{"data": nil, "uri": nil}
		if im.Data != nil {
			native["data"] = map[string]any{"bytes": im.Data}
		} else {
			native["uri"] = map[string]any{"string": im.URI}
		}
		images[i] = native
	}
	var eventTime any
	if s.EventTime != NoTime {
		eventTime = map[string]any{"long.timestamp-millis": s.EventTime}
	}
	return map[string]any{
		"id": s.ID, "source": s.Source, "event_time": eventTime, "conversation": turns,
		"images": images, "metadata": nativeStrings(s.Metadata),
	}
}

func sampleFrom(f fields) (*Sample, error) {
	s := &Sample{
		ID:        f.str("id", ""),
		Source:    f.str("source", UnknownSource),
		EventTime: f.long("event_time", NoTime),
		Metadata:  f.strings("metadata"),
	}
	turns, _ := f["conversation"].([]any)
	for i, t := range turns {
		tf, err := asFields(t)
		if err != nil {
			return nil, malformed("conversation-invalid", "conversation[%d] %w", i, err)
		}
		role, err := roleOf(tf.str("role", RoleUser))
		if err != nil {
			return nil, malformed("conversation-invalid", "conversation[%d]: %w", i, err)
		}
		s.Conversation = append(s.Conversation, Turn{Role: role, Text: tf.str("text", "")})
	}
	images, _ := f["images"].([]any)
	for i, im := range images {
		imf, err := asFields(im)
		if err != nil {
			return nil, malformed("invalid-field", "images[%d] %w", i, err)
		}
		picture := Image{Data: imf.bytes("data"), URI: imf.str("uri", "")}
		if (picture.Data != nil) == (picture.URI != "") {
			return nil, malformed("invalid-field", "images[%d]: exactly one of data and uri must be set", i)
		}
		s.Images = append(s.Images, picture)
	}
	return s, nil
}

func (s *Score) native() map[string]any {
	scores := make(map[string]any, len(s.Scores))
	for k, v := range s.Scores {
		scores[k] = v
	}
	styles := make([]any, len(s.Styles))
	for i, v := range s.Styles {
		styles[i] = v
	}
	return map[string]any{
		"id": s.ID, "source": s.Source, "event_time": s.EventTime,
		"topic": s.Topic, "partition": s.Partition, "offset": s.Offset,
		"content_hash": nonNil(s.ContentHash), "picture_hash": int64(s.PictureHash), "text_hash": int64(s.TextHash),
		"modality": s.Modality, "tokens": s.Tokens, "answer_tokens": s.AnswerTokens, "bytes": s.Bytes,
		"metadata": nativeStrings(s.Metadata), "styles": styles, "scores": scores,
		"bundle": s.Bundle, "bundle_version": s.BundleVersion,
	}
}

func scoreFrom(f fields) (*Score, error) {
	s := &Score{
		ID: f.str("id", ""), Source: f.str("source", UnknownSource), EventTime: f.long("event_time", 0),
		Topic: f.str("topic", ""), Partition: int32(f.long("partition", 0)), Offset: f.long("offset", 0),
		ContentHash: f.bytes("content_hash"), PictureHash: uint64(f.long("picture_hash", 0)), TextHash: uint64(f.long("text_hash", 0)),
		Modality: f.str("modality", ModalityText), Tokens: f.long("tokens", 0), AnswerTokens: f.long("answer_tokens", 0), Bytes: f.long("bytes", 0),
		Metadata: f.strings("metadata"), Styles: f.list("styles"), Scores: f.floats("scores"),
		Bundle: f.str("bundle", ""), BundleVersion: f.str("bundle_version", ""),
	}
	if s.ID == "" {
		return nil, errors.New("id is empty")
	}
	if len(s.Styles) == 0 {
		return nil, fmt.Errorf("sample %q has no style: a score names at least one", s.ID)
	}
	return s, nil
}

func (s *Selection) native() map[string]any {
	return map[string]any{
		"role": s.Role, "id": s.ID, "topic": s.Topic, "partition": s.Partition, "offset": s.Offset,
		"source": s.Source, "event_time": s.EventTime,
		"window_start": s.WindowStart, "window_end": s.WindowEnd,
		"capability": s.Capability, "style": s.Style, "score": s.Score, "rank": s.Rank,
		"cutoff": s.Cutoff, "order": s.Order, "round": s.Round, "policy": s.Policy,
		"on_arrival": s.OnArrival, "replaces": s.Replaces, "cost": int64(s.Cost), "content": int64(s.Content), "picture_hash": int64(s.PictureHash), "text_hash": int64(s.TextHash),
	}
}

func selectionFrom(f fields) (*Selection, error) {
	s := &Selection{
		Role: f.str("role", RoleCurated), ID: f.str("id", ""),
		Topic: f.str("topic", ""), Partition: int32(f.long("partition", 0)), Offset: f.long("offset", 0),
		Source: f.str("source", UnknownSource), EventTime: f.long("event_time", 0),
		WindowStart: f.long("window_start", 0), WindowEnd: f.long("window_end", 0),
		Capability: f.str("capability", ""), Style: f.str("style", ""),
		Score: f.float("score"), Rank: int32(f.long("rank", 0)), Cutoff: f.float("cutoff"),
		Order: int32(f.long("order", 0)), Round: int32(f.long("round", 0)), Policy: f.str("policy", ""),
		OnArrival: f.flag("on_arrival"), Replaces: f.str("replaces", ""), Cost: uint64(f.long("cost", 1)), Content: uint64(f.long("content", 0)),
		PictureHash: uint64(f.long("picture_hash", 0)), TextHash: uint64(f.long("text_hash", 0)),
	}
	if s.Role != RoleCurated && s.Role != RoleControl {
		return nil, fmt.Errorf("role %q is neither %s nor %s", s.Role, RoleCurated, RoleControl)
	}
	return s, nil
}

func (w *Window) native() map[string]any {
	return map[string]any{
		"window_start": w.Start, "window_end": w.End, "policy": w.Policy,
		"records": w.Records, "samples": w.Samples, "duplicates": w.Duplicates,
		"filtered": w.Filtered, "set_aside": w.SetAside, "withdrawn": w.Withdrawn, "same": w.Same,
		"budget": w.Budget, "unit": w.Unit, "spent": w.Spent, "carried_in": w.CarriedIn, "carried_out": w.CarriedOut,
		"selected": w.Selected, "added": w.Added, "removed": w.Removed, "on_arrival": w.OnArrival, "in_exact": w.InExact, "exact_score": w.ExactScore, "control": w.Control,
		"earlier": w.Earlier, "rounds": w.Rounds, "shortfall": w.Shortfall, "approximate": w.Approximate,
		"styles": nativeCounts(w.Styles), "capabilities": nativeCounts(w.Capabilities),
		"samples_seen":    nonNil(w.Sketches.SamplesSeen),
		"samples_chosen":  nonNil(w.Sketches.SamplesChosen),
		"sources_seen":    nonNil(w.Sketches.SourcesSeen),
		"sources_chosen":  nonNil(w.Sketches.SourcesChosen),
		"contents_seen":   nonNil(w.Sketches.ContentsSeen),
		"contents_chosen": nonNil(w.Sketches.ContentsChosen),
	}
}

func windowFrom(f fields) (*Window, error) {
	return &Window{
		Start: f.long("window_start", 0), End: f.long("window_end", 0), Policy: f.str("policy", ""),
		Records: f.long("records", 0), Samples: f.long("samples", 0), Duplicates: f.long("duplicates", 0),
		Filtered: f.long("filtered", 0), SetAside: f.long("set_aside", 0), Withdrawn: f.long("withdrawn", 0), Same: f.long("same", 0),
		Unit: f.str("unit", "samples"), Spent: f.long("spent", 0), CarriedIn: f.long("carried_in", 0), CarriedOut: f.long("carried_out", 0),
		Added: f.long("added", 0), Removed: f.long("removed", 0),
		OnArrival: f.long("on_arrival", 0), InExact: f.long("in_exact", 0), ExactScore: f.double("exact_score"),
		Budget: f.long("budget", 0), Selected: f.long("selected", 0), Control: f.long("control", 0),
		Earlier: f.long("earlier", 0), Rounds: int32(f.long("rounds", 0)),
		Shortfall: f.str("shortfall", ""), Approximate: f.str("approximate", ""),
		Styles: f.counts("styles"), Capabilities: f.counts("capabilities"),
		Sketches: Sketches{
			SamplesSeen: f.bytes("samples_seen"), SamplesChosen: f.bytes("samples_chosen"),
			SourcesSeen: f.bytes("sources_seen"), SourcesChosen: f.bytes("sources_chosen"),
			ContentsSeen: f.bytes("contents_seen"), ContentsChosen: f.bytes("contents_chosen"),
		},
	}, nil
}
