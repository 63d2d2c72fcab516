package schemas

// Sample is one instruction-tuning sample: pictures and a conversation.
type Sample struct {
	// ID names the sample. It is the record's key on every topic.
	ID string
	// Source is the data set the sample came from; UnknownSource where none is told.
	Source string
	// EventTime is when the sample was collected, in milliseconds since the
	// epoch; NoTime where the record itself does not tell.
	EventTime int64
	// Conversation is the turns in order.
	Conversation []Turn
	// Images are the pictures in order, inline or by URI.
	Images []Image
	// Metadata is whatever else the collector wrote, as strings.
	Metadata map[string]string
}

// Turn is one message of a conversation.
type Turn struct {
	// Role is RoleUser, RoleAssistant or RoleSystem.
	Role string
	// Text may hold <image> markers, as LLaVA writes them.
	Text string
}

// Roles of a turn. LLaVA's human and gpt are read as user and assistant.
const (
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleSystem    = "system"
)

// Image is a picture, inline or by reference: exactly one of Data and URI is set.
type Image struct {
	// Data is the encoded file (JPEG, PNG, …).
	Data []byte
	// URI is a path relative to the folder of the sample's file.
	URI string
}

// NoTime is the EventTime of a sample that brings none.
const NoTime int64 = -1

// UnknownSource is the source of a sample that names none.
const UnknownSource = "unknown"
