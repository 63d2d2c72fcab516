package selection

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0.3": "0.3", "0.30": "0.3", "1": "1", "1.0": "1", "007.50": "7.5", "0.000001": "0.000001", "0": "0", "0.0": "0",
	} {
		d, err := ParseDecimal(text)
		if err != nil || d.String() != want {
			t.Errorf("%q: got %s, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", ".", ".5", "-1", "+1", "1e3", "0x1", "1.2.3", " 1", "1,5", "0.1234567890123456789", "nan", "½"} {
		if d, err := ParseDecimal(text); err == nil {
			t.Errorf("%q is taken for %s", text, d)
		}
	}
}

// TestFloorOf: 0.29 of 100 is 29, as exact arithmetic has it.
func TestFloorOf(t *testing.T) {
	if d, err := ParseDecimal("0.29"); err != nil || d.FloorOf(100) != 29 {
		t.Errorf("0.29 of 100 is %d, %v", d.FloorOf(100), err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(0\.[0-9]{1,17}|1)`).Draw(t, "ratio")
		n := rapid.Uint64Range(0, maxCount).Draw(t, "n")
		d, err := ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).SetUint64(n)))
		want := new(big.Int).Div(exact.Num(), exact.Denom()).Uint64()
		if got := d.FloorOf(n); got != want {
			t.Fatalf("%s of %d is %d, want %d", text, n, got, want)
		}
	})
}
