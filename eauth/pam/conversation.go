package pam

import "errors"

// style is the kind of a module's message to the user.
type style int

const (
	promptHidden  style = iota // requires a response that is not shown: the password
	promptVisible              // requires a response that is shown: the user name
	message                    // is only to be read
	unknownStyle
)

// maxMessages is how many messages modules may send in one login.
const maxMessages = 32

var errConversation = errors.New("the module asks for something else than a user name and a password")

// conversation responds to a module's messages for one login.
type conversation struct {
	user     string
	password string
	prompted bool // the password was requested
	refused  bool // a message got no response
	messages int
}

// respond returns the password once. A second hidden prompt is for something
// else, such as a new password or a one-time code, and must not receive it.
func (c *conversation) respond(s style) (answer string, err error) {
	defer func() {
		// C called this, and a panic cannot pass through C.
		if recover() != nil {
			answer, err = "", errConversation
		}
	}()
	c.messages++
	switch {
	case c.messages > maxMessages:
	case s == promptHidden && !c.prompted:
		c.prompted = true
		answer, c.password = c.password, ""
		return answer, nil
	case s == promptVisible:
		return c.user, nil
	case s == message:
		return "", nil
	}
	c.refused = true
	return "", errConversation
}

// forget drops the password. The binding keeps a conversation forever when a
// login cannot be started.
func (c *conversation) forget() { *c = conversation{prompted: true} }
