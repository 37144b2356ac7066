"""What a network sees in a picture, and where: classes, class maps, channel responses, masks."""
