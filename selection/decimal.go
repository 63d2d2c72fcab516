package selection

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Decimal is a non-negative decimal fraction, held exactly: Units / 10^Places.
// A ratio has to be one, for 0.29 of 100 is 29, and in binary floating point
// it is 28.999….
type Decimal struct {
	Units  uint64
	Places uint8 // at most 18
}

// ParseDecimal reads text such as "0.29", "3" or "1.5". It takes no sign, no
// exponent and at most 18 digits.
func ParseDecimal(text string) (Decimal, error) {
	whole, fraction, dotted := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.TrimLeft(whole+fraction, "0")
	if (whole == "" && fraction == "") || (dotted && whole == "") || len(digits) > 18 || len(fraction) > 18 {
		return Decimal{}, fmt.Errorf("%q is not a decimal fraction of at most 18 digits", text)
	}
	var units uint64
	if digits != "" {
		var err error
		if units, err = strconv.ParseUint(digits, 10, 64); err != nil {
			return Decimal{}, fmt.Errorf("%q is not a decimal fraction", text)
		}
	}
	if units == 0 && strings.Trim(text, "0.") != "" {
		return Decimal{}, fmt.Errorf("%q is not a decimal fraction", text)
	}
	return Decimal{Units: units, Places: uint8(len(fraction))}, nil
}

// FloorOf returns the greatest integer not above d times n.
func (d Decimal) FloorOf(n uint64) uint64 {
	return mulDiv(n, d.Units, pow10(d.Places))
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.Units == 0 }

// Above1 reports whether d is greater than 1.
func (d Decimal) Above1() bool { return d.Units > pow10(d.Places) }

// String returns d in its shortest form.
func (d Decimal) String() string {
	digits := strconv.FormatUint(d.Units, 10)
	if d.Places == 0 {
		return digits
	}
	if short := int(d.Places) + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - int(d.Places)
	return strings.TrimSuffix(digits[:point]+"."+strings.TrimRight(digits[point:], "0"), ".")
}

func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// mulDiv returns floor(a*b/c) without overflow on the way, and the greatest
// number where the quotient does not fit 64 bits.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// CeilOf returns the least integer not below d times n.
func (d Decimal) CeilOf(n uint64) uint64 {
	floor := d.FloorOf(n)
	hi, lo := bits.Mul64(n, d.Units)
	if _, rest := bits.Div64(hi, lo, pow10(d.Places)); rest > 0 {
		floor++
	}
	return floor
}

func (d Decimal) less(o Decimal) bool {
	hi1, lo1 := bits.Mul64(d.Units, pow10(o.Places))
	hi2, lo2 := bits.Mul64(o.Units, pow10(d.Places))
	return hi1 < hi2 || (hi1 == hi2 && lo1 < lo2)
}

// plus returns d + o, of which each is at most 1, or a part of it: a sum ends
// where it would no longer fit, above 17.
func (d Decimal) plus(o Decimal) Decimal {
	places := max(d.Places, o.Places)
	of := func(d Decimal) uint64 { return mulDiv(d.Units, pow10(places-d.Places), 1) }
	units, carry := bits.Add64(of(d), of(o), 0)
	if carry > 0 {
		return d
	}
	return Decimal{Units: units, Places: places}
}

// hundredth returns d / 100; d has at most 16 places.
func (d Decimal) hundredth() Decimal {
	h := Decimal{Units: d.Units, Places: d.Places + 2}
	for h.Places > 0 && h.Units%10 == 0 {
		h.Units /= 10
		h.Places--
	}
	return h
}

// percent returns d as a percentage.
func (d Decimal) percent() string {
	p := d
	for range 2 {
		if p.Places > 0 {
			p.Places--
		} else {
			p.Units *= 10
		}
	}
	return p.String() + "%"
}
