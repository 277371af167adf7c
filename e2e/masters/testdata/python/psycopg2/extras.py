class Json:
    def __init__(self, adapted):
        self.adapted = adapted
