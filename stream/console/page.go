package console

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cream/schemas"
)

//go:embed assets/page.html
var pageText string

func parsePage() (*template.Template, error) {
	page, err := template.New("page").Funcs(Words()).Funcs(template.FuncMap{
		"clock":   func(t time.Time) string { return t.Local().Format("15:04:05") },
		"rfc3339": func(t time.Time) string { return t.Format(time.RFC3339) },
	}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("parse the console's page: %w", err)
	}
	return page, nil
}

// filter says which picks are shown. Empty fields let everything through.
type filter struct {
	Style, Capability, Source string
}

func filterFrom(q url.Values) filter {
	return filter{Style: q.Get("style"), Capability: q.Get("capability"), Source: q.Get("source")}
}

func (f filter) passes(p Picked) bool {
	return (f.Style == "" || f.Style == p.Style) && (f.Capability == "" || f.Capability == p.Capability) &&
		(f.Source == "" || f.Source == p.Source)
}

// query is the filter as an address's query.
func (f filter) query() string {
	q := url.Values{}
	for name, value := range map[string]string{"style": f.Style, "capability": f.Capability, "source": f.Source} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

func (f filter) link() string {
	if q := f.query(); q != "" {
		return "/?" + q
	}
	return "/"
}

// view is what the templates show.
type view struct {
	Status   Status
	Trouble  string  // why the status is not known
	Rate     float64 // negative: not known
	Cards    []card
	Tables   []table
	Filtered []choice // what the filter holds, each with the link that drops it
	Query    string   // of the filter
	Next     int64    // the first pick that the page does not show yet
	Keep     int
}

// card is a pick as the page shows it.
type card struct {
	kept
	Shown    []picture
	Question string
	Answer   string
	Rest     []schemas.Turn // the whole conversation, where it is more than what is shown
	ByStyle  string         // links that filter by what the card has
	ByCap    string
	BySource string
}

type picture struct{ Path, Alt string }

// table is counts of one kind, as bars.
type table struct {
	Title string
	Rows  []row
}

type row struct {
	Name         string
	Link         string
	Seen, Chosen int64
	Most         int64 // the length of a full bar
}

type choice struct{ Name, Value, Drop string }

// Characters of a text that a card shows before it is opened.
const (
	shownQuestion = 240
	shownAnswer   = 320
)

func (c *Console) view(f filter, picked []kept) view {
	c.mu.Lock()
	p := c.pulse
	c.mu.Unlock()

	v := view{Status: p.status, Rate: p.rate, Query: f.query(), Keep: c.opts.Keep}
	if p.err != nil {
		v.Trouble = p.err.Error()
	}
	for _, k := range picked {
		v.Cards = append(v.Cards, newCard(k, f))
	}
	if p.status.Styles != nil {
		v.Tables = []table{
			newTable("By capability", p.status.Capabilities, func(name string) string { return filter{f.Style, name, f.Source}.link() }),
			newTable("By style", p.status.Styles, func(name string) string { return filter{name, f.Capability, f.Source}.link() }),
		}
	}
	for _, held := range []struct {
		name, value string
		drop        filter
	}{
		{"capability", f.Capability, filter{f.Style, "", f.Source}},
		{"style", f.Style, filter{"", f.Capability, f.Source}},
		{"source", f.Source, filter{f.Style, f.Capability, ""}},
	} {
		if held.value != "" {
			v.Filtered = append(v.Filtered, choice{held.name, held.value, held.drop.link()})
		}
	}
	return v
}

func newCard(k kept, f filter) card {
	out := card{
		kept:     k,
		ByStyle:  filter{k.Style, f.Capability, f.Source}.link(),
		ByCap:    filter{f.Style, k.Capability, f.Source}.link(),
		BySource: filter{f.Style, f.Capability, k.Source}.link(),
	}
	for n, im := range k.Pictures {
		if im.Data != nil || im.URI != "" {
			out.Shown = append(out.Shown, picture{"/pictures/" + pictureKey(k.ID, n),
				fmt.Sprintf("Picture %d of %d of sample %s", n+1, len(k.Pictures), k.ID)})
		}
	}
	for _, t := range k.Turns {
		text := spoken(t.Text)
		switch {
		case out.Question == "" && t.Role == schemas.RoleUser:
			out.Question = text
		case out.Answer == "" && t.Role == schemas.RoleAssistant:
			out.Answer = text
		}
	}
	if len(k.Turns) > 2 || cut(shownQuestion, out.Question) != out.Question || cut(shownAnswer, out.Answer) != out.Answer {
		for _, t := range k.Turns {
			out.Rest = append(out.Rest, schemas.Turn{Role: t.Role, Text: spoken(t.Text)})
		}
	}
	out.Question, out.Answer = cut(shownQuestion, out.Question), cut(shownAnswer, out.Answer)
	return out
}

// spoken is a turn without the markers of its pictures.
func spoken(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "<image>", ""))
}

func newTable(title string, counts map[string]schemas.Count, link func(string) string) table {
	t := table{Title: title}
	most := int64(1)
	for name, n := range counts {
		t.Rows = append(t.Rows, row{Name: name, Link: link(name), Seen: n.Seen, Chosen: n.Chosen})
		most = max(most, n.Seen, n.Chosen)
	}
	slices.SortFunc(t.Rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Chosen, a.Chosen), cmp.Compare(a.Name, b.Name))
	})
	for i := range t.Rows {
		t.Rows[i].Most = most
	}
	return t
}

func (c *Console) servePage(w http.ResponseWriter, r *http.Request) {
	f := filterFrom(r.URL.Query())
	picked, next := c.since(0, f)
	v := c.view(f, picked)
	v.Next = next
	var html bytes.Buffer
	if err := c.page.ExecuteTemplate(&html, "page", v); err != nil {
		c.opts.Logger.Error("the console's page cannot be rendered", slog.Any("error", err))
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(html.Bytes())
}

// number writes an integer with its thousands apart.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202F" + digits[i:]
	}
	return digits
}

// spaced writes a capability's key as words.
func spaced(key string) string { return strings.ReplaceAll(key, "_", " ") }

// cut shortens a text to so many characters, and shows that it did.
func cut(n int, text string) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:n])) + " …"
}

// ordinal writes a place: 1st, 2nd, 3rd, 11th.
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// percent is a part of a whole, as a length.
func percent(part, whole int64) string {
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64) + "%"
}
