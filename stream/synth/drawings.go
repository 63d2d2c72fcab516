package synth

import "math"

// box is what a thing's drawing covers, without what a person holds.
func (t thing) box() box {
	size := map[string]struct{ w, h float64 }{
		"house": {48, 62}, "tree": {38, 66}, "person": {18, 46}, "car": {46, 24}, "bench": {34, 18}, "flower": {14, 26},
	}[t.kind]
	return box{t.x - size.w/2, t.ground - size.h, t.x + size.w/2, t.ground}
}

func (s *scene) draw(c *canvas) {
	s.drawWeather(c)
	for _, t := range s.back {
		t.draw(c)
	}
	for _, t := range s.front {
		t.draw(c)
	}
	switch s.weather {
	case "rainy":
		for i := range 70 {
			x, y := float64(i*47%330), float64(i*83%236)
			c.line(rgb(0x7F95AB), 1, point{x, y}, point{x - 3, y + 10})
		}
	case "snowy":
		for i := range 60 {
			c.circle(rgb(0xFFFFFF), float64(i*53%322), float64(i*89%240), 1.8)
		}
	}
}

// drawWeather paints the sky, the ground and the path.
func (s *scene) drawWeather(c *canvas) {
	skies := map[string][2]uint32{
		"sunny": {0x6DB5EE, 0xD9EEFA}, "cloudy": {0xA3B4C4, 0xDCE4EA}, "rainy": {0x6F7F90, 0xAAB6C0},
		"snowy": {0xB3C2D1, 0xE8EEF3}, "night": {0x0E1633, 0x33406E},
	}
	grounds := map[string][2]uint32{
		"sunny": {0x8CC66B, 0x6FAE52}, "cloudy": {0x86B36C, 0x6C9A56}, "rainy": {0x6F9460, 0x587B4C},
		"snowy": {0xF2F5F8, 0xDDE5EC}, "night": {0x35543F, 0x26402F},
	}
	const horizon = 148
	c.gradient(0, horizon, rgb(skies[s.weather][0]), rgb(skies[s.weather][1]))
	c.gradient(horizon, 240, rgb(grounds[s.weather][0]), rgb(grounds[s.weather][1]))
	path := rgb(0xB9B2A5)
	if s.weather == "night" {
		path = rgb(0x5A5A60)
	}
	c.rect(path, 0, 186, 320, 15)
	switch s.weather {
	case "sunny":
		c.circle(rgb(0xFFE9A0), 274, 40, 27)
		c.circle(rgb(0xFFD23F), 274, 40, 20)
	case "night":
		c.circle(rgb(0xF4F0D8), 270, 38, 18)
		c.circle(rgb(0x141D3D), 278, 33, 15)
		for i := range 24 {
			c.circle(rgb(0xFFFFFF), float64(i*61%250)+6, float64(i*37%110)+8, 1.3)
		}
	default:
		cloud := rgb(0xF3F6F8)
		if s.weather == "rainy" {
			cloud = rgb(0x59656F)
		}
		for _, at := range []point{{70, 38}, {176, 28}, {266, 50}} {
			c.ellipse(cloud, at.x, at.y, 34, 13)
			c.circle(cloud, at.x-12, at.y-8, 13)
			c.circle(cloud, at.x+10, at.y-11, 16)
		}
	}
}

func (t thing) draw(c *canvas) {
	switch t.kind {
	case "house":
		t.drawHouse(c)
	case "tree":
		c.rect(rgb(0x7A5230), t.x-4, t.ground-26, 8, 26)
		for _, crown := range []point{{-9, -34}, {9, -34}, {0, -47}} {
			c.circle(shade(t.paint.rgb, .85), t.x+crown.x, t.ground+crown.y, 10)
		}
		c.circle(t.paint.rgb, t.x, t.ground-47, 19)
		c.circle(shade(t.paint.rgb, 1.25), t.x-6, t.ground-53, 7)
	case "person":
		t.drawPerson(c)
	case "car":
		x, y := t.x, t.ground
		c.polygon(shade(t.paint.rgb, .85), point{x - 13, y - 14}, point{x - 8, y - 24}, point{x + 9, y - 24}, point{x + 15, y - 14})
		c.polygon(rgb(0xCFE6F2), point{x - 9, y - 15}, point{x - 6, y - 22}, point{x + 7, y - 22}, point{x + 11, y - 15})
		c.rect(t.paint.rgb, x-23, y-15, 46, 10)
		for _, wheel := range []float64{-12, 12} {
			c.circle(rgb(0x22252B), x+wheel, y-5, 5.5)
			c.circle(rgb(0xB9BEC6), x+wheel, y-5, 2.3)
		}
	case "bench":
		x, y := t.x, t.ground
		c.rect(t.paint.rgb, x-17, y-18, 34, 4)
		c.rect(shade(t.paint.rgb, .85), x-17, y-10, 34, 4)
		c.rect(shade(t.paint.rgb, .6), x-14, y-14, 3, 14)
		c.rect(shade(t.paint.rgb, .6), x+11, y-14, 3, 14)
	case "flower":
		c.rect(rgb(0x2F7D3B), t.x-1, t.ground-16, 2, 16)
		for i := range 6 {
			a := float64(i) * math.Pi / 3
			c.circle(t.paint.rgb, t.x+4.4*math.Cos(a), t.ground-19+4.4*math.Sin(a), 2.8)
		}
		c.circle(rgb(0xFFF3C4), t.x, t.ground-19, 2.4)
	}
}

func (t thing) drawHouse(c *canvas) {
	x, y := t.x, t.ground
	c.rect(t.paint.rgb, x-21, y-38, 42, 38)
	c.polygon(rgb(0x6B4436), point{x - 24, y - 38}, point{x, y - 62}, point{x + 24, y - 38})
	c.rect(rgb(0x513327), x-5, y-18, 10, 18)
	for _, window := range []float64{-16, 7} {
		c.rect(rgb(0xFDF3CF), x+window, y-32, 9, 9)
		c.rect(shade(t.paint.rgb, .6), x+window+4, y-32, 1, 9)
	}
}

func (t thing) drawPerson(c *canvas) {
	x, y := t.x, t.ground
	skin, dark := rgb(0xE0AC85), rgb(0x333842)
	hand := point{x + 8, y - 22} // where the free arm ends
	if t.act.doing == "waving" || t.act.doing == "flying a kite" || t.act.doing == "holding an umbrella" {
		hand = point{x + 9, y - 40}
	}
	c.rect(dark, x-5, y-16, 4, 16)
	c.rect(dark, x+1, y-16, 4, 16)
	c.rect(t.paint.rgb, x-6, y-34, 12, 19)
	c.line(t.paint.rgb, 3.5, point{x - 5, y - 32}, point{x - 8, y - 20})
	c.line(t.paint.rgb, 3.5, point{x + 4, y - 32}, hand)
	c.circle(skin, hand.x, hand.y, 2.2)
	c.circle(skin, x, y-40, 6)
	c.polygon(dark, arc(x, y-41, 6, 6, math.Pi, 2*math.Pi)...)
	switch t.act.doing {
	case "walking a dog":
		fur := rgb(0x8C6239)
		c.line(dark, 1, hand, point{x + 17, y - 9})
		c.ellipse(fur, x+21, y-7, 7, 3.5)
		c.circle(fur, x+28, y-11, 3.4)
		for _, leg := range []float64{16, 24} {
			c.rect(fur, x+leg, y-6, 2, 6)
		}
	case "holding an umbrella":
		c.line(dark, 1.4, hand, point{x + 9, y - 58})
		c.polygon(rgb(0xB0203A), arc(x+7, y-50, 19, 13, math.Pi, 2*math.Pi)...)
	case "carrying a bag":
		c.rect(rgb(0x9C6B3C), x+4, y-20, 10, 11)
	case "playing with a ball":
		c.circle(rgb(0xFFFFFF), x+17, y-5, 5)
		c.circle(rgb(0xD6322E), x+17, y-5, 2.4)
	case "flying a kite":
		top := point{x + 28, y - 120}
		c.line(rgb(0x5A6470), 1, hand, top)
		c.polygon(rgb(0xD6322E), point{top.x, top.y - 14}, point{top.x + 9, top.y}, point{top.x, top.y + 14}, point{top.x - 9, top.y})
	}
}
