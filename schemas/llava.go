package schemas

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// LLaVA writes the sample as a line of LLaVA JSON, without the line's end, with
// inline pictures as data: URIs. ParseSample reads the same sample from it.
func (s *Sample) LLaVA() ([]byte, error) {
	type message struct {
		From  string `json:"from"`
		Value string `json:"value"`
	}
	line := struct {
		ID            string            `json:"id"`
		Source        string            `json:"source"`
		CollectedAt   *int64            `json:"collected_at,omitempty"`
		Image         any               `json:"image,omitempty"`
		Conversations []message         `json:"conversations"`
		Metadata      map[string]string `json:"metadata,omitempty"`
	}{ID: s.ID, Source: s.Source, Conversations: []message{}, Metadata: s.Metadata}
	if s.EventTime != NoTime {
		line.CollectedAt = &s.EventTime
	}
	var images []string
	for _, image := range s.Images {
		ref := image.URI
		if image.Data != nil {
			ref = "data:" + http.DetectContentType(image.Data) + ";base64," + base64.StdEncoding.EncodeToString(image.Data)
		}
		images = append(images, ref)
	}
	switch len(images) {
	case 0:
	case 1:
		line.Image = images[0]
	default:
		line.Image = images
	}
	for _, t := range s.Conversation {
		from := map[string]string{RoleUser: "human", RoleAssistant: "gpt"}[t.Role]
		if from == "" {
			from = t.Role
		}
		line.Conversations = append(line.Conversations, message{from, t.Text})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return nil, fmt.Errorf("write sample %q as JSON: %w", s.ID, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
