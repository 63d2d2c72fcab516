package console

import (
	"log/slog"
	"net/http"
)

// servePicture serves a picture of a kept pick, if it is one.
func (c *Console) servePicture(w http.ResponseWriter, r *http.Request) {
	im, ok := c.picture(r.PathValue("key"))
	if !ok {
		http.Error(w, "no such picture", http.StatusNotFound)
		return
	}
	data, err := c.opts.Picture(r.Context(), im)
	if err != nil {
		// The page goes on without it; a picture that is missing was the scorer's to say.
		c.opts.Logger.Debug("picture cannot be shown", slog.String("uri", im.URI), slog.Any("error", err))
		http.Error(w, "the picture cannot be read", http.StatusNotFound)
		return
	}
	if len(data) > maxPicture {
		http.Error(w, "the picture is too large to show", http.StatusNotFound)
		return
	}
	contentType := http.DetectContentType(data)
	switch contentType {
	case "image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp":
	default:
		http.Error(w, "not a picture that a browser shows", http.StatusUnsupportedMediaType)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "private, max-age=300")
	w.Write(data)
}
