package schemas

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLLaVAIsReadBack(t *testing.T) {
	for name, s := range map[string]Sample{
		"text":     {ID: "a", Source: "web", EventTime: NoTime, Conversation: []Turn{{RoleUser, "1 < 2?\n"}, {RoleAssistant, "yes \"&\""}}},
		"path":     {ID: "b", Source: UnknownSource, EventTime: 0, Conversation: []Turn{{RoleSystem, "be kind"}, {RoleUser, "?"}}, Images: []Image{{URI: "a/b.jpg"}}},
		"pictures": {ID: "c", Source: "web", EventTime: 5, Conversation: []Turn{{RoleUser, "<image>"}}, Images: []Image{{Data: []byte("\x89PNG\r\n\x1a\n")}, {Data: []byte{255, 216, 255}}}, Metadata: map[string]string{"lot": "3", "id": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := s.LLaVA()
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseSample(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&s, got); diff != "" {
				t.Errorf("%s (-written +read):\n%s", text, diff)
			}
		})
	}
}
