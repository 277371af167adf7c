package saltssh

// Texts returns the settings that are text.
func Texts(s Settings) (texts []string) {
	for _, v := range s.values {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case []string:
			texts = append(texts, v...)
		}
	}
	return texts
}
