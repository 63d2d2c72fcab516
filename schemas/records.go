package schemas

// Score is what the scorer says of one sample.
type Score struct {
	ID            string
	Source        string
	EventTime     int64  // ms since the epoch
	Topic         string // where the sample lies
	Partition     int32
	Offset        int64
	ContentHash   []byte // SHA-256 of the sample's bytes on the topic
	PictureHash   uint64 // perceptual; 0 where the sample has no picture
	TextHash      uint64 // of the normalised text; 0 where the sample has none
	Modality      string // ModalityText, ModalityImage or ModalityMultiImage
	Tokens        int64
	AnswerTokens  int64 // of Tokens
	Bytes         int64 // of the sample and of the pictures it names
	Metadata      map[string]string
	Styles        []string           // most probable first, never empty
	Scores        map[string]float32 // capability → 0 to 5
	Bundle        string
	BundleVersion string
}

// Modalities of a sample.
const (
	ModalityText       = "text"
	ModalityImage      = "image"
	ModalityMultiImage = "multi-image"
)

// Modality tells which modality a sample with so many pictures has.
func Modality(pictures int) string {
	switch pictures {
	case 0:
		return ModalityText
	case 1:
		return ModalityImage
	}
	return ModalityMultiImage
}

// Selection is a sample that was chosen, and why.
type Selection struct {
	Role        string // RoleCurated or RoleControl
	ID          string
	Topic       string // where the sample lies
	Partition   int32
	Offset      int64
	Source      string
	EventTime   int64 // ms
	WindowStart int64 // ms, inclusive
	WindowEnd   int64 // ms, exclusive
	Capability  string
	Style       string
	Score       float32
	Rank        int32   // place in the bin's order for the capability, from 1
	Cutoff      float32 // the score of the last one taken from the bin
	Order       int32   // place in the window's order of choosing, from 1
	Round       int32   // of the turn that chose it, from 1; 0 for control
	OnArrival   bool    // taken when its score came
	Replaces    string  // id of the sample whose place in a reservoir it takes
	Cost        uint64  // what it takes of the budget, in its unit
	Content     uint64  // the first 8 bytes of the content hash, big-endian
	PictureHash uint64  // this and TextHash where the policy looks for near duplicates
	TextHash    uint64
	Policy      string
}

// Roles of a Selection.
const (
	RoleCurated = "curated"
	RoleControl = "control"
)

// Window is what happened in a window that has closed.
type Window struct {
	Start, End   int64 // ms; the end is exclusive
	Policy       string
	Records      int64
	Filtered     int64 // not judged by the policy
	SetAside     int64 // of other bundles
	Withdrawn    int64
	Samples      int64 // distinct ids
	Duplicates   int64
	Same         int64  // of Samples, the same as another by content
	Budget       int64  // in Unit
	Unit         string // samples, tokens or bytes
	Spent        int64
	CarriedIn    int64
	CarriedOut   int64
	Selected     int64
	Added        int64   // to a reservoir, of Selected
	Removed      int64   // from a reservoir
	OnArrival    int64   // of Selected
	InExact      int64   // of Selected, where picks leave on arrival
	ExactScore   float64 // likewise
	Control      int64
	Earlier      int64 // of Samples, those that an earlier window had chosen
	Rounds       int32
	Shortfall    string
	Approximate  string // why the choice may not be the exact one; usually empty
	Styles       map[string]Count
	Capabilities map[string]Count
	Sketches     Sketches
}

// Count is samples seen and chosen.
type Count struct {
	Seen   int64 `json:"seen"`
	Chosen int64 `json:"chosen"`
}

// Sketches are marshalled HyperLogLog sketches; those of several windows merge.
type Sketches struct {
	SamplesSeen, SamplesChosen   []byte
	SourcesSeen, SourcesChosen   []byte
	ContentsSeen, ContentsChosen []byte
}
