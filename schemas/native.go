package schemas

import (
	"fmt"
	"time"
)

// goavro hands records over as map[string]any. The fields type reads such a
// map and leaves a field that is not there (an older writer's schema) at its
// zero value, or at the default its caller names.
type fields map[string]any

func asFields(native any) (fields, error) {
	m, ok := native.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is a %T, not a record", native)
	}
	return m, nil
}

// value unwraps a union: goavro shows a branch that is not null as a map of
// one entry, from the branch's type to the value.
func (f fields) value(name string) any {
	v := f[name]
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		for branch, inner := range m {
			switch branch {
			case "string", "bytes", "long", "int", "long.timestamp-millis":
				return inner
			}
		}
	}
	return v
}

func (f fields) str(name, missing string) string {
	if s, ok := f.value(name).(string); ok {
		return s
	}
	return missing
}

func (f fields) bytes(name string) []byte {
	b, _ := f.value(name).([]byte)
	return b
}

func (f fields) long(name string, missing int64) int64 {
	switch v := f.value(name).(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case time.Time:
		return v.UnixMilli()
	}
	return missing
}

func (f fields) float(name string) float32 {
	switch v := f.value(name).(type) {
	case float32:
		return v
	case float64:
		return float32(v)
	}
	return 0
}

func (f fields) double(name string) float64 {
	v, _ := f.value(name).(float64)
	return v
}

func (f fields) flag(name string) bool {
	v, _ := f.value(name).(bool)
	return v
}

// strings reads a map of strings. It does not unwrap unions: a map of one
// entry called "string" is a map.
func (f fields) strings(name string) map[string]string {
	m, _ := f[name].(map[string]any)
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

func (f fields) list(name string) []string {
	items, _ := f[name].([]any)
	out := make([]string, 0, len(items))
	for _, v := range items {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (f fields) floats(name string) map[string]float32 {
	m, _ := f[name].(map[string]any)
	out := make(map[string]float32, len(m))
	for k := range m {
		out[k] = fields(m).float(k)
	}
	return out
}

func (f fields) counts(name string) map[string]Count {
	m, _ := f[name].(map[string]any)
	out := make(map[string]Count, len(m))
	for k, v := range m {
		if c, err := asFields(v); err == nil {
			out[k] = Count{Seen: c.long("seen", 0), Chosen: c.long("chosen", 0)}
		}
	}
	return out
}

func nativeStrings(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func nativeCounts(m map[string]Count) map[string]any {
	out := make(map[string]any, len(m))
	for k, c := range m {
		out[k] = map[string]any{"seen": c.Seen, "chosen": c.Chosen}
	}
	return out
}

// nonNil keeps goavro from refusing a nil slice where bytes are due.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
