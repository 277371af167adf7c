class UniqueViolation(Exception):
    pass
