"""What the routes take and give: one file a subject."""
