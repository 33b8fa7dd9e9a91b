"""What the server refuses to exceed."""

MAX_BODY = 4 * 2**20  # bytes of a request
MAX_ACTIONS = 500  # in one request
MAX_QUEUE, MAX_PAGE = 64, 500
RAW_MAX_SIDE = 4096  # pixels of what is sent as raw values, unless all are asked for
MAX_HEADERS = 32 * 2**10  # bytes of the head of a request
MAX_CONNECTIONS = 256
WRONG_TOKENS, WITHIN = 20, 60.0  # tries that one address has, in so many seconds
