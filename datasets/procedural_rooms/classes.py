# SPDX-License-Identifier: Apache-2.0
"""Lists the classes of the label maps, and the drawings of each class.

The number of a class is its place in the table. A drawing that is not in the
table has the class of the drawing that uses it: the legs of a table are table.
Where one drawing has parts of several classes, its lines say so with
`Pen.labelled`.
"""

UNLABELLED = 255

# Class -> the drawings (pieces and parts) in the folder `parts`.
CLASSES = {
  'wall': 'wall pillar',
  'floor': '',
  'ceiling': '',
  'window': 'window',
  'curtain': 'curtains',
  'door': 'door door_frame',
  'cabinet': 'cupboard kitchen_units fridge piano',
  'shelf': 'bookshelf shelf_wall',
  'table': 'table round_table desk',
  'chair': 'chair stool office_chair bench',
  'sofa': 'sofa',
  'bed': 'bed',
  'sanitary': 'toilet basin bathtub',
  'lamp': 'table_lamp floor_lamp ceiling_lamp',
  'picture': 'framed_picture clock photograph',
  'screen': 'monitor',
  'plant': 'potted_plant vase tree hedge',
  'thing': (
    'bottle cup bowl book_pile carton cartons basket bag ball radiator'
  ),
  'person': 'person',
  'road': 'ground',
  'pavement': '',
  'grass': '',
  'house': 'house',
  'vehicle': 'car van',
  'fixture': (
    'lamp_post sign traffic_light dustbin bollards fence bus_shelter'
  ),
  'sky': '',
}

# Class -> its number in a label map.
LABELS = {name: number for number, name in enumerate(CLASSES)}

# Drawing -> its class.
OF_DRAWINGS = {
  drawing: name
  for name, drawings in CLASSES.items()
  for drawing in drawings.split()
}
