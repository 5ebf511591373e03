(** The checker of certificates for a farsighted follower of finite eta, a program on integers, and what it proves
    (proofs/farsighted-bound.md, proofs/certificate-soundness.md; exactqse/kernel/farsighted.py).

    A certificate here holds, besides what the file has, the intervals, points and slopes that the kernel works out
    from it: they are hints, each of which is verified. All integers of one are at [p] bits. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz Bool PeanoNat FunctionalExtensionality.
From ExactQSE Require Import Sums FixedPoint Exponential Logarithm JointMajorant Game Farsighted Certificate Leaning Boxes.
Import ListNotations.
Open Scope R_scope.

(** A majorant, with its parameter [n / d] and the slopes at which it reads the claims of the next step, by state. *)
Inductive fkind :=
  | FUp (n d : positive) (sigma : list Z)
  | FDown (n d : positive) (sigma : list Z)
  | FChord (n d : positive) (sigma : list Z) (loose : list bool).    (* with states that are left free *)
Definition loose_in (l : list bool) (t : nat) : bool := nth t l true.
Inductive ftree := FLeaf (kinds : list (nat * fkind)) | FSplit (i j : nat) (first second : ftree).

Record fpiece := FPiece { f_lam : Q; f_sum : Z; f_stop : Z; f_trees : list ftree }.    (* the stage's sum is at most f_sum *)

(** What is claimed of a place: the interval of v, a point in it and how far it is from the ends, slopes by place,
    points [(d, K)], and pieces that show them. *)
Record fclaim := FClaim {
  f_lo : Z; f_hi : Z; f_mid : Z; f_rad : Z; f_slope : list Z; f_points : list (Z * Z); f_pieces : list fpiece }.

(** A part: claims by steps to go and state; for the first step one piece each, with what is taken from x. *)
Record fpart := FPart { f_claims : list (list fclaim); f_first : list (fpiece * Z) }.

Definition no_claim : fclaim := FClaim 0 0 0 0 [] [(0, 0)%Z] [].
Definition no_piece : fpiece := FPiece 0%Q 0 0 [].

(** ** Tables of a farsighted game *)
Definition is_far_game (G : table) : bool :=
  is_row (S_ G) (rho_ G) && is_partition (B_ G) (observes_ G) && negb (A_ G =? 0)%nat && negb (B_ G =? 0)%nat && negb (H_ G =? 0)%nat &&
  (0 <=? Qnum (gamma_ G))%Z && (0 <? Qnum (finite_eta G))%Z &&
  forallb (fun h => forallb (fun s => forallb (fun a => forallb (fun b =>
    is_row (S_ G) (P_at G h s a b)) (seq 0 (B_ G))) (seq 0 (A_ G))) (seq 0 (S_ G))) (seq 0 (H_ G)).

Lemma far_rows G : is_far_game G = true -> forall h s a b, (h < H_ G)%nat -> (s < S_ G)%nat -> (a < A_ G)%nat ->
  (b < B_ G)%nat -> is_row (S_ G) (P_at G h s a b) = true.
Proof.
  intros H h s a b Hh Hs Ha Hb. unfold is_far_game in H. apply andb_true_iff in H. destruct H as [_ H].
  rewrite forallb_forall in H. specialize (H h ltac:(apply in_seq; lia)).
  cbv beta in H. rewrite forallb_forall in H. specialize (H s ltac:(apply in_seq; lia)).
  cbv beta in H. rewrite forallb_forall in H. specialize (H a ltac:(apply in_seq; lia)).
  cbv beta in H. rewrite forallb_forall in H. apply H. apply in_seq; lia.
Qed.

Lemma far_facts G : is_far_game G = true -> is_farsighted (meaning G) (Q2R (finite_eta G)).
Proof.
  intros HG. pose proof (far_rows G HG) as HP. unfold is_far_game in HG. rewrite !andb_true_iff in HG.
  destruct HG as [[[[[[[H1 H2] _] H3] H4] H5] H6] _].
  apply negb_true_iff, Nat.eqb_neq in H3, H4. apply Z.leb_le, IZR_le in H5. apply Z.ltb_lt, IZR_lt in H6.
  assert (He : 0 < Q2R (finite_eta G)).
  { unfold Q2R. apply Rmult_lt_0_compat; [assumption|]. apply Rinv_0_lt_compat, IZR_lt. reflexivity. }
  split; [|split; [exact He|split; [|split; [simpl; lia|split; [simpl; lia|split; [exact H2|split]]]]]].
  - simpl. unfold finite_eta in *. destruct (eta_ G); [reflexivity|]. rewrite RMicromega.Q2R_0 in He. lra.
  - simpl. unfold Q2R. apply Rmult_le_pos; [assumption|]. apply Rlt_le, Rinv_0_lt_compat, IZR_lt. reflexivity.
  - now apply mass_simplex.
  - intros h s a b Hh Hs Ha Hb. apply mass_simplex. now apply HP.
Qed.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Variable c : context.
Hypothesis Hc : sound_context p c.
Let Hu : 0 < unit p := unit_pos p Hp.

Definition dy (z : Z) : R := IZR z / unit p.
Definition exactly (z : Z) : interval := (z, z).

Lemma dy_unit z : dy z * unit p = IZR z.
Proof. unfold dy. field. lra. Qed.

Lemma exactly_correct z : encloses p (exactly z) (dy z).
Proof. unfold encloses, exactly. simpl. rewrite dy_unit. lra. Qed.

Lemma dy_le y z : (y <= z)%Z -> dy y <= dy z.
Proof. intros H. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, Hu|]. now apply IZR_le. Qed.

Lemma dy_minus y z : dy (y - z) = dy y - dy z.
Proof. unfold dy. rewrite minus_IZR. field. lra. Qed.

Lemma dy_plus y z : dy (y + z) = dy y + dy z.
Proof. unfold dy. rewrite plus_IZR. field. lra. Qed.

Lemma dy_0 : dy 0 = 0.
Proof. unfold dy. field. lra. Qed.

Lemma below_high i x : encloses p i x -> x <= dy (snd i).
Proof. intros [_ H]. apply Rmult_le_reg_r with (unit p); [assumption|]. now rewrite dy_unit. Qed.

Lemma above_low i x : encloses p i x -> dy (fst i) <= x.
Proof. intros [H _]. apply Rmult_le_reg_r with (unit p); [assumption|]. now rewrite dy_unit. Qed.

(** ** A few functions of intervals *)
Definition magnitude (i : interval) : Z := Z.max (snd i) (- fst i).

Lemma magnitude_correct i x : encloses p i x -> Rabs x * unit p <= IZR (magnitude i).
Proof.
  intros [L H]. unfold magnitude. rewrite IZR_max, opp_IZR.
  pose proof (Rmax_l (IZR (snd i)) (- IZR (fst i))). pose proof (Rmax_r (IZR (snd i)) (- IZR (fst i))).
  unfold Rabs. destruct (Rcase_abs x); nra.
Qed.

Definition log_interval (i : interval) : option interval :=
  if (0 <? fst i)%Z then
    match log_fixed p c (fst i) p, log_fixed p c (snd i) p with
    | Some l, Some h => Some (fst l, snd h)
    | _, _ => None
    end
  else None.

Lemma log_interval_correct i x j : encloses p i x -> log_interval i = Some j -> 0 < x /\ encloses p j (ln x).
Proof.
  intros [L H]. unfold log_interval. destruct (Z.ltb_spec 0 (fst i)) as [H0|]; [|discriminate].
  destruct (log_fixed p c (fst i) p) as [l|] eqn:El; [|discriminate].
  destruct (log_fixed p c (snd i) p) as [h|] eqn:Eh; [|discriminate]. intros E; injection E as <-.
  apply log_fixed_correct in El, Eh; try assumption. apply IZR_lt in H0.
  assert (Hx : 0 < x) by (apply Rmult_lt_reg_r with (unit p); lra).
  fold (dy (fst i)) in El. fold (dy (snd i)) in Eh.
  assert (A1 : dy (fst i) <= x) by now apply above_low.
  assert (A2 : x <= dy (snd i)) by now apply below_high.
  assert (P1 : 0 < dy (fst i)) by (apply Rdiv_lt_0_compat; assumption).
  split; [assumption|]. unfold encloses; cbn [fst snd]. destruct El as [El _], Eh as [_ Eh].
  split.
  - apply Rle_trans with (1 := El). apply Rmult_le_compat_r; [lra|]. now apply ln_mono.
  - apply Rle_trans with (2 := Eh). apply Rmult_le_compat_r; [lra|]. apply ln_mono; lra.
Qed.

(** Means under a row. *)
Definition row_iv (w : row) (f : nat -> interval) : interval :=
  match row_interval w (fun t => Some (f t)) with Some i => i | None => zero end.

Lemma weigh_total l f : exists i, weigh l (fun t => Some (f t)) = Some i.
Proof. induction l as [|[t n] l [i IH]]; simpl; [now eexists|]. rewrite IH. now eexists. Qed.

Lemma row_iv_correct size w f g : is_row size w = true -> (forall t, (t < size)%nat -> encloses p (f t) (g t)) ->
  encloses p (row_iv w f) (mean (mass w) g (seq 0 size)).
Proof.
  intros Hw Hf. rewrite mean_mass by assumption. unfold row_iv.
  destruct (row_interval w (fun t => Some (f t))) as [i|] eqn:E.
  - apply (row_interval_correct p w _ g i (is_row_nonnegative size w Hw) E).
    intros t n v Hin Ev. injection Ev as <-. apply Hf. now apply (is_row_size size w t n).
  - unfold row_interval in E. destruct (weigh_total (numerators w) f) as [i Ei]. rewrite Ei in E. discriminate.
Qed.

Definition one_iv : interval := exactly (one p).

Lemma one_correct : encloses p one_iv 1.
Proof. unfold encloses, one_iv, exactly. cbn [fst snd]. rewrite one_unit by assumption. lra. Qed.

Definition mass_iv (w : row) (t : nat) : interval := row_iv w (fun t' => if (t' =? t)%nat then one_iv else zero).

Lemma mass_iv_correct size w t : is_row size w = true -> (t < size)%nat -> encloses p (mass_iv w t) (mass w t).
Proof.
  intros Hw Ht.
  apply (encloses_ext p _ (mean (mass w) (fun t' => if (t' =? t)%nat then 1 else 0) (seq 0 size))).
  - unfold mean. rewrite (rsum_ext _ (fun t' => if (t' =? t)%nat then mass w t else 0)).
    + apply rsum_single; [apply seq_NoDup|apply in_seq; lia].
    + intros t' _. destruct (Nat.eqb_spec t' t) as [->|]; ring.
  - apply row_iv_correct; [assumption|]. intros t' _. destruct (t' =? t)%nat; [apply one_correct|apply zero_correct].
Qed.

(** Vectors over a list of places. *)
Section Vectors.
Variable js : list place.
Variable rad : place -> Z.
Hypothesis Hrad : forall j, (0 <= rad j)%Z.

Definition vec_ok (v : list interval) (f : place -> R) : Prop := Forall2 (fun j i => encloses p i (f j)) js v.

Definition reach_hi (v : list interval) : Z :=
  fold_right (fun (ji : place * interval) z => up (rad (fst ji) * magnitude (snd ji)) p + z)%Z 0%Z (combine js v).

Lemma reach_hi_correct v f : vec_ok v f -> reach js (fun j => dy (rad j)) f <= dy (reach_hi v).
Proof.
  unfold vec_ok, reach, reach_hi. induction 1 as [|j i js' v' Hi _ IH]; cbn [rsum combine fold_right fst snd].
  - rewrite dy_0. lra.
  - rewrite dy_plus. apply Rplus_le_compat; [|exact IH]. apply Rmult_le_reg_r with (unit p); [assumption|]. rewrite dy_unit.
    apply Rmult_le_reg_r with (unit p); [assumption|].
    eapply Rle_trans; [|apply up_ge; exact Hp]. rewrite mult_IZR, <- (dy_unit (rad j)).
    pose proof (magnitude_correct i (f j) Hi). pose proof (Hrad j) as Hr. apply IZR_le in Hr.
    rewrite dy_unit. replace (dy (rad j) * Rabs (f j) * unit p * unit p) with ((dy (rad j) * unit p) * (Rabs (f j) * unit p)) by ring.
    rewrite dy_unit. apply Rmult_le_compat_l; assumption.
Qed.

Definition vec2 (op : interval -> interval -> interval) (v w : list interval) : list interval :=
  map (fun x : interval * interval => op (fst x) (snd x)) (combine v w).

Lemma vec2_correct op opr v w f g : (forall i j x y, encloses p i x -> encloses p j y -> encloses p (op i j) (opr x y)) ->
  vec_ok v f -> vec_ok w g -> vec_ok (vec2 op v w) (fun j => opr (f j) (g j)).
Proof.
  intros Hop Hv. revert w. unfold vec_ok, vec2. induction Hv as [|j i js' v' Hi _ IH]; intros w Hw;
    inversion_clear Hw; simpl; constructor; auto.
Qed.

Lemma vec_map (f : place -> interval) g : (forall j, In j js -> encloses p (f j) (g j)) -> vec_ok (map f js) g.
Proof.
  unfold vec_ok. induction js as [|j t IH]; intros H; simpl; constructor; [apply H; now left|].
  apply IH. intros i Hi. apply H. now right.
Qed.

Lemma vec_map1 (op : interval -> interval) (opr : R -> R) v f : (forall i x, encloses p i x -> encloses p (op i) (opr x)) ->
  vec_ok v f -> vec_ok (map op v) (fun j => opr (f j)).
Proof. intros Hop. unfold vec_ok. induction 1; simpl; constructor; auto. Qed.

Lemma vec_ext v f g : (forall j, In j js -> f j = g j) -> vec_ok v f -> vec_ok v g.
Proof.
  unfold vec_ok. intros E H. induction H as [|j i js' v' Hi _ IH]; constructor.
  - rewrite <- E by now left. exact Hi.
  - apply IH. intros i' Hi'. apply E. now right.
Qed.
End Vectors.

(** ** One stage of a part *)
Section Game.
Variable G : table.
Hypothesis HG : is_far_game G = true.
Let M := meaning G.
Let e := Q2R (finite_eta G).
Let A := seq 0 (A_ G).
Let places : list place := list_prod (seq 0 (H_ G)) (seq 0 (S_ G)).

Section Part.
Variable q : fpart.

Definition claim_at (k s : nat) : fclaim := nth s (nth k (f_claims q) []) no_claim.
Definition at_place (l : list Z) (j : place) : Z := nth (fst j * S_ G + snd j) l 0%Z.
Definition rad_at (j : place) : Z := f_rad (claim_at (fst j) (snd j)).
Definition point_of (x : Z * Z) : R * R := (dy (fst x), dy (snd x)).

Definition kind_of (f : fkind) : leaning :=
  match f with
  | FUp n d sigma => LUp (IZR (Zpos n) / IZR (Zpos d)) (fun t => dy (nth t sigma 0%Z))
  | FDown n d sigma => LDown (IZR (Zpos n) / IZR (Zpos d)) (fun t => dy (nth t sigma 0%Z))
  | FChord n d sigma l => LChord (IZR (Zpos n) / IZR (Zpos d)) (fun t => dy (nth t sigma 0%Z)) (loose_in l)
  end.

Definition kind_for (kinds : list (nat * fkind)) (b : nat) : leaning :=
  match lookup kinds b with Some f => kind_of f | None => LUp 1 (fun _ => 0) end.

Fixpoint tree_of (T : ftree) : tree leaning :=
  match T with
  | FLeaf kinds => Leaf (kind_for kinds)
  | FSplit i j first second => Split i j (tree_of first) (tree_of second)
  end.

Definition piece_of (f : fpiece) : piece := Piece (Q2R (f_lam f)) (dy (f_stop f)) (map tree_of (f_trees f)).

Definition part_of : part := {|
  lo := fun k s => dy (f_lo (claim_at k s)); hi := fun k s => dy (f_hi (claim_at k s));
  mid := fun k s => dy (f_mid (claim_at k s)); radius := fun j => dy (rad_at j);
  slope := fun k s j => dy (at_place (f_slope (claim_at k s)) j);
  points := fun k s => map point_of (f_points (claim_at k s));
  pieces := fun k s => map piece_of (f_pieces (claim_at k s));
  reference := fun s => dy (snd (nth s (f_first q) (no_piece, 0%Z)));
  first := fun s => piece_of (fst (nth s (f_first q) (no_piece, 0%Z))) |}.

Lemma Rmax_scaled x y z : 0 <= z -> Rmax x y * z = Rmax (x * z) (y * z).
Proof. intros H. rewrite !(Rmult_comm _ z). symmetry. now apply RmaxRmult. Qed.

(** [max (K + sigma d)]. *)
Definition highest_product (sigma : Z) (l : list (Z * Z)) : Z :=
  match l with
  | [] => 0%Z
  | x :: t => fold_right (fun y z => Z.max (Z.shiftl (snd y) p + sigma * fst y) z)
                (Z.shiftl (snd x) p + sigma * fst x)%Z t
  end.
Definition support_iv (sigma : Z) (l : list (Z * Z)) : interval :=
  let n := highest_product sigma l in (down n p, up n p).

Lemma support_of sigma l : l <> [] ->
  support (map point_of l) (dy sigma) * unit p * unit p = IZR (highest_product sigma l).
Proof.
  intros Hl. destruct l as [|x t]; [easy|]. clear Hl.
  assert (one : forall y, (snd (point_of y) + dy sigma * fst (point_of y)) * unit p * unit p =
    IZR (Z.shiftl (snd y) p + sigma * fst y)).
  { intros y. rewrite plus_IZR, mult_IZR, shiftl_unit by assumption. unfold point_of. cbn [fst snd].
    rewrite <- (dy_unit (snd y)), <- (dy_unit sigma), <- (dy_unit (fst y)). rewrite !dy_unit. unfold dy. field. lra. }
  unfold support, highest_product. cbn [map maximum]. induction t as [|y t IH]; [apply one|].
  cbn [map fold_right]. rewrite IZR_max, <- IH, <- one.
  now rewrite !Rmax_scaled by lra.
Qed.

Lemma support_iv_correct sigma l : l <> [] -> encloses p (support_iv sigma l) (support (map point_of l) (dy sigma)).
Proof.
  intros Hl. pose proof (support_of sigma l Hl) as E. set (n := highest_product sigma l) in *.
  pose proof (down_le n p Hp) as D. pose proof (up_ge n p Hp) as U. unfold support_iv, encloses. fold n. cbn [fst snd].
  split; apply Rmult_le_reg_r with (unit p); try assumption; rewrite E; assumption.
Qed.

Section Stage.
Variables (k s : nat).
Hypotheses (Hk : (S k <= H_ G)%nat) (Hs : (s < S_ G)%nat).
Let h := (H_ G - S k)%nat.

Definition gamma_iv : interval := enclose p (gamma_ G).

Definition x_iv (vs : nat -> Z) (m : Z) (b a : nat) : interval :=
  sub (add (enclose p (finite_eta G * r_at G h s a b)%Q) (mul p gamma_iv (row_iv (P_at G h s a b) (fun t => exactly (vs t)))))
    (exactly m).

Definition y_iv (sigma : list Z) (loose : nat -> bool) (b a : nat) : interval :=
  add (enclose p (u_at G h s a b))
    (row_iv (P_at G h s a b) (fun t => if loose t then zero else support_iv (nth t sigma 0%Z) (f_points (claim_at k t)))).

Definition push_iv (loose : nat -> bool) (b a : nat) (j : place) : interval :=
  if (fst j =? k)%nat && negb (loose (snd j)) then mul p gamma_iv (mass_iv (P_at G h s a b) (snd j)) else zero.

Definition lean_iv (sigma : list Z) (loose : nat -> bool) (b a : nat) (j : place) : interval :=
  sub (row_iv (P_at G h s a b) (fun t => exactly (at_place (f_slope (claim_at k t)) j)))
    (if (fst j =? k)%nat && negb (loose (snd j)) then mul p (mass_iv (P_at G h s a b) (snd j)) (exactly (nth (snd j) sigma 0%Z)) else zero).

(** Points of every state of the next step: none is without. *)
Definition points_there : bool := forallb (fun t => negb (length (f_points (claim_at k t)) =? 0)%nat) (seq 0 (S_ G)).
Hypothesis Hpoints : points_there = true.

Lemma some_points t : (t < S_ G)%nat -> f_points (claim_at k t) <> [].
Proof.
  intros Ht E. pose proof Hpoints as H. unfold points_there in H. rewrite forallb_forall in H.
  specialize (H t ltac:(apply in_seq; lia)). rewrite E in H. discriminate.
Qed.

Lemma row_here b a : (b < B_ G)%nat -> (a < A_ G)%nat -> is_row (S_ G) (P_at G h s a b) = true.
Proof. intros Hb Ha. apply far_rows; try assumption. unfold h. lia. Qed.

Lemma x_iv_correct vs m b a : (b < B_ G)%nat -> (a < A_ G)%nat -> encloses p (x_iv vs m b a)
  (e * r M h s a b + gamma M * mean (P M h s a b) (fun t => dy (vs t)) (seq 0 (S_ G)) - dy m).
Proof.
  intros Hb Ha. unfold x_iv. apply sub_correct; [|apply exactly_correct]. apply add_correct.
  - apply (encloses_ext p _ (Q2R (finite_eta G * r_at G h s a b))); [|now apply enclose_correct]. apply Q2R_mult.
  - apply mul_correct; [assumption|now apply enclose_correct|]. apply row_iv_correct; [now apply row_here|].
    intros t _. apply exactly_correct.
Qed.

Lemma y_iv_correct sigma loose b a : (b < B_ G)%nat -> (a < A_ G)%nat ->
  encloses p (y_iv sigma loose b a) (y_of M part_of k s (fun t => dy (nth t sigma 0%Z)) loose b a).
Proof.
  intros Hb Ha. unfold y_iv, y_of. apply add_correct; [now apply enclose_correct|].
  apply row_iv_correct; [now apply row_here|]. intros t Ht. destruct (loose t); [apply zero_correct|].
  apply support_iv_correct. now apply some_points.
Qed.

Lemma push_iv_correct loose b a j : (b < B_ G)%nat -> (a < A_ G)%nat -> In j places ->
  encloses p (push_iv loose b a j) (push_of M k s loose b a j).
Proof.
  intros Hb Ha Hj. destruct j as [k' t]. apply in_prod_iff in Hj. destruct Hj as [_ Ht]. apply in_seq in Ht.
  unfold push_iv, push_of, of_next. cbn [fst snd]. destruct ((k' =? k)%nat && negb (loose t)); [|apply zero_correct].
  apply mul_correct; [assumption|now apply enclose_correct|]. apply (mass_iv_correct (S_ G)); [now apply row_here|lia].
Qed.

Lemma lean_iv_correct sigma loose b a j : (b < B_ G)%nat -> (a < A_ G)%nat -> In j places ->
  encloses p (lean_iv sigma loose b a j) (lean_of M part_of k s (fun t => dy (nth t sigma 0%Z)) loose b a j).
Proof.
  intros Hb Ha Hj. destruct j as [k' t]. pose proof Hj as Hj'. apply in_prod_iff in Hj'. destruct Hj' as [_ Ht]. apply in_seq in Ht.
  unfold lean_iv, lean_of, of_next. cbn [fst snd]. apply sub_correct.
  - apply row_iv_correct; [now apply row_here|]. intros t' _. apply exactly_correct.
  - destruct ((k' =? k)%nat && negb (loose t)); [|apply zero_correct].
    apply mul_correct; [assumption|apply (mass_iv_correct (S_ G)); [now apply row_here|lia]|apply exactly_correct].
Qed.

(** *** A majorant at a corner *)
Variables (m : Z) (lam : Q) (cl : list Z).
Let lam_iv := enclose p lam.
Definition slopes_iv : list interval := map (fun j => exactly (at_place cl j)) places.
Let mids (t : nat) : Z := f_mid (claim_at k t).

(** *** Chords: parts of the range of the gap, halved while the largest bound is of a wide one *)
Definition max_iv (g : Z * Z -> interval) (l : list (Z * Z)) : interval :=
  match l with
  | [] => zero
  | x :: t => fold_right (fun y i => (Z.max (fst (g y)) (fst i), Z.max (snd (g y)) (snd i))) (g x) t
  end.
Definition highest_iv (l : list (Z * Z)) : interval := max_iv (fun x => exactly (snd x)) l.
Definition lowest_iv (l : list (Z * Z)) : interval := sub zero (max_iv (fun x => sub zero (exactly (snd x))) l).
Definition steepest_iv (theta : Z) (l : list (Z * Z)) : interval :=
  max_iv (fun x => sub (mul p (exactly theta) (exactly (snd x))) (mul p gamma_iv (exactly (fst x)))) l.
Definition free_iv (loose : nat -> bool) (f : list (Z * Z) -> interval) (b a : nat) : interval :=
  row_iv (P_at G h s a b) (fun t => if loose t then f (f_points (claim_at k t)) else zero).

Definition part_of_range : Type := Z * Z * Z * Z.    (* bound, start, end, slope *)

Definition chord_part (loose : nat -> bool) (C : row) (b : nat) (x gap kappa lk : interval) (l r : Z) : option part_of_range :=
  if (0 <? l)%Z && (l <=? r)%Z then
    match log_interval (exactly l), log_interval (exactly r) with
    | Some ll, Some lr =>
        let theta := (Z.shiftl (Z.max 0 (fst lr - fst ll)) p / Z.max 1 (r - l) + 1)%Z in
        let other := sub lr (mul p (exactly theta) (exactly (r - l))) in
        let line := (Z.min (fst ll) (fst other), Z.min (snd ll) (snd other)) in
        let hh := row_iv C (free_iv loose (steepest_iv theta) b) in
        let inner := sub (sub (add (add (add one_iv x) line) (mul p (exactly theta) (sub gap (exactly l)))) lk) hh in
        Some (snd (sub zero (mul p kappa inner)), l, r, theta)
    | _, _ => None
    end
  else None.

(** Nothing leans: then the slope of a chord changes no form. *)
Definition flat (loose : list bool) : bool :=
  forallb (fun x => x) loose && forallb (fun z => (z =? 0)%Z) cl &&
  forallb (fun t => forallb (fun z => (z =? 0)%Z) (f_slope (claim_at k t))) (seq 0 (S_ G)).

Definition most_parts : nat := 257.
Definition bound_of (x : part_of_range) : Z := fst (fst (fst x)).

Fixpoint insert (x : part_of_range) (l : list part_of_range) : list part_of_range :=
  match l with
  | [] => [x]
  | y :: t => if (bound_of x <? bound_of y)%Z then y :: insert x t else x :: l
  end.

Fixpoint more_parts (make : Z -> Z -> option part_of_range) (fuel : nat) (l : list part_of_range) : option (list part_of_range) :=
  match fuel, l with
  | S n, (_, start, last, _) :: rest =>
      if (last - start <=? Z.shiftr start 13)%Z then Some l
      else let middle := Z.shiftr (start + last) 1 in
           match make start middle, make middle last with
           | Some v, Some w => more_parts make n (insert v (insert w rest))
           | _, _ => None
           end
  | _, _ => Some l
  end.

Definition form (f : fkind) (b : nat) (C : row) : option (Z * list interval) :=
  let sigma := match f with FUp _ _ sg => sg | FDown _ _ sg => sg | FChord _ _ sg _ => sg end in
  let loose := match f with FChord _ _ _ l => loose_in l | _ => fun _ => false end in
  let x := row_iv C (x_iv mids m b) in
  let y := row_iv C (y_iv sigma loose b) in
  let push := map (fun j => row_iv C (fun a => push_iv loose b a j)) places in
  let lean := map (fun j => row_iv C (fun a => lean_iv sigma loose b a j)) places in
  match f with
  | FUp n d _ =>
      let inv := enclose p (Zpos d # n) in
      let g := vec2 add push (map (fun i => mul p i inv) (vec2 sub lean slopes_iv)) in
      let r := reach_hi places rad_at g in
      match exp_interval p (exps c) (sub (add x (mul p (sub y lam_iv) inv)) one_iv), exp_interval p (exps c) (exactly r) with
      | Some E, Some F =>
          let height := mul p (enclose p (Zpos n # d)) E in
          Some (snd (mul p height (sub F (exactly r))), map (mul p height) g)
      | _, _ => None
      end
  | FDown n d _ =>
      let kappa := enclose p (Zpos n # d) in
      let gap := sub lam_iv y in
      let tilt := vec2 sub slopes_iv lean in
      let r := reach_hi places rad_at tilt in
      if (r <? fst gap)%Z && (0 <? snd gap)%Z then
        let theta := (Z.shiftl 1 (p + p) / snd gap)%Z in
        match log_interval (mul p (sub gap (exactly r)) (enclose p (Zpos d # n))) with
        | Some l =>
            let inner := add (add (add one_iv x) l) (mul p (exactly theta) (exactly r)) in
            Some (snd (sub zero (mul p kappa inner)),
                  map (fun i => mul p (sub zero kappa) i) (vec2 add push (map (mul p (exactly theta)) tilt)))
        | None => None
        end
      else None
  | FChord n d _ states =>
      let kappa := enclose p (Zpos n # d) in
      let gap := sub lam_iv y in
      let tilt := vec2 sub slopes_iv lean in
      let r := reach_hi places rad_at tilt in
      let start := (fst (sub gap (row_iv C (free_iv loose highest_iv b))) - r)%Z in
      let last := (snd (sub gap (row_iv C (free_iv loose lowest_iv b))) + r)%Z in
      match log_interval kappa with
      | Some lk =>
          match chord_part loose C b x gap kappa lk start last with
          | Some first_part =>
              match (if flat states then more_parts (chord_part loose C b x gap kappa lk) most_parts [first_part] else Some [first_part]) with
              | Some ((high, _, _, theta) :: rest) =>
                  Some (fold_left (fun z q' => Z.max z (fst (fst (fst q')))) rest high,
                        map (fun i => mul p (sub zero kappa) i) (vec2 add push (map (mul p (exactly theta)) tilt)))
              | _ => None
              end
          | None => None
          end
      | None => None
      end
  end.

Hypothesis Hrad : forall j, (0 <= rad_at j)%Z.

Lemma ratio_of n d : Q2R (Zpos n # d) = IZR (Zpos n) / IZR (Zpos d).
Proof. reflexivity. Qed.

Lemma inverse_of n d : Q2R (Zpos d # n) = / (IZR (Zpos n) / IZR (Zpos d)).
Proof.
  unfold Q2R. simpl. assert (0 < IZR (Zpos n)) by (apply IZR_lt; reflexivity). assert (0 < IZR (Zpos d)) by (apply IZR_lt; reflexivity).
  field. lra.
Qed.

Lemma ratio_positive n d : 0 < IZR (Zpos n) / IZR (Zpos d).
Proof. apply Rdiv_lt_0_compat; apply IZR_lt; reflexivity. Qed.

Lemma fold_max_above {X} (f : X -> Z) l : forall z, (z <= fold_left (fun g x => Z.max g (f x)) l z)%Z /\
  forall x, In x l -> (f x <= fold_left (fun g x => Z.max g (f x)) l z)%Z.
Proof.
  induction l as [|y t IH]; intros z; simpl; [split; [lia|easy]|]. destruct (IH (Z.max z (f y))) as [H1 H2].
  split; [lia|]. intros x [<-|Hx]; [lia|now apply H2].
Qed.

(** *** What chords prove *)
Lemma encloses_max i j x y : encloses p i x -> encloses p j y ->
  encloses p (Z.max (fst i) (fst j), Z.max (snd i) (snd j)) (Rmax x y).
Proof.
  intros [L1 H1] [L2 H2]. unfold encloses. cbn [fst snd]. rewrite !IZR_max, Rmax_scaled by lra. split.
  - apply Rmax_lub; [eapply Rle_trans; [exact L1|apply Rmax_l]|eapply Rle_trans; [exact L2|apply Rmax_r]].
  - apply Rmax_lub; [eapply Rle_trans; [exact H1|apply Rmax_l]|eapply Rle_trans; [exact H2|apply Rmax_r]].
Qed.

Lemma max_iv_correct g f l : l <> [] -> (forall x, encloses p (g x) (f (point_of x))) ->
  encloses p (max_iv g l) (maximum f (map point_of l)).
Proof.
  intros Hl H. destruct l as [|x t]; [easy|]. clear Hl. cbn [map max_iv]. induction t as [|y t IH]; [apply H|].
  cbn [map fold_right]. rewrite maximum_cons. now apply encloses_max.
Qed.

Lemma free_iv_correct loose fi fr b a : (forall l, l <> [] -> encloses p (fi l) (fr (map point_of l))) ->
  (b < B_ G)%nat -> (a < A_ G)%nat -> encloses p (free_iv loose fi b a) (free_sum M part_of k s loose fr b a).
Proof.
  intros Hf Hb Ha. unfold free_iv, free_sum. apply row_iv_correct; [now apply row_here|]. intros t Ht.
  destruct (loose t); [|apply zero_correct]. apply Hf. now apply some_points.
Qed.

Lemma highest_iv_correct l : l <> [] -> encloses p (highest_iv l) (highest (map point_of l)).
Proof. intros Hl. apply max_iv_correct; [assumption|]. intros x. apply exactly_correct. Qed.

Lemma lowest_iv_correct l : l <> [] -> encloses p (lowest_iv l) (lowest (map point_of l)).
Proof.
  intros Hl. unfold lowest_iv, lowest. rewrite <- Rminus_0_l. apply sub_correct; [apply zero_correct|].
  apply (max_iv_correct _ (fun x => - snd x)); [assumption|]. intros x. rewrite <- Rminus_0_l.
  apply sub_correct; [apply zero_correct|apply exactly_correct].
Qed.

Lemma steepest_iv_correct theta l : l <> [] -> encloses p (steepest_iv theta l) (steepest M (dy theta) (map point_of l)).
Proof.
  intros Hl. apply (max_iv_correct _ (fun x => dy theta * snd x - gamma M * fst x)); [assumption|]. intros x.
  apply sub_correct; apply mul_correct; try assumption; try apply exactly_correct. now apply enclose_correct.
Qed.

Section Chord.
Variables (loose : nat -> bool) (C : row) (b : nat) (x gap kappa lk : interval) (xr yr kr lamr : R).
Hypotheses (Hb : (b < B_ G)%nat) (HC : is_row (A_ G) C = true) (Hx : encloses p x xr) (Hgap : encloses p gap (lamr - yr))
  (Hkappa : encloses p kappa kr) (Hkr : 0 < kr) (Hlk : encloses p lk (ln kr)).

Definition good_part (q' : part_of_range) : Prop := let '(a, l, r, theta) := q' in
  0 < dy l /\ 0 < dy theta /\
  chord_height lamr kr xr yr (mean (mass C) (free_sum M part_of k s loose (steepest M (dy theta)) b) A) (dy l, dy r, dy theta) <= dy a.

Lemma dy_positive z : (0 < z)%Z -> 0 < dy z.
Proof. intros H. apply Rdiv_lt_0_compat; [now apply IZR_lt|assumption]. Qed.

Lemma chord_part_correct l r q' : chord_part loose C b x gap kappa lk l r = Some q' ->
  good_part q' /\ snd (fst (fst q')) = l /\ snd (fst q') = r.
Proof.
  unfold chord_part. destruct (Z.ltb_spec 0 l) as [Hl|]; cbn [andb]; [|discriminate].
  destruct (Z.leb_spec l r) as [Hr|]; [|discriminate].
  destruct (log_interval (exactly l)) as [ll|] eqn:El; [|discriminate].
  destruct (log_interval (exactly r)) as [lr|] eqn:Er; [|discriminate].
  cbv zeta. set (theta := (Z.shiftl _ p / _ + 1)%Z). set (other := sub lr _). set (line := (Z.min (fst ll) (fst other), Z.min (snd ll) (snd other))).
  set (hh := row_iv C (free_iv loose (steepest_iv theta) b)).
  set (inner := sub (sub (add (add (add one_iv x) line) (mul p (exactly theta) (sub gap (exactly l)))) lk) hh). intros H.
  assert (Eq : q' = (snd (sub zero (mul p kappa inner)), l, r, theta)) by congruence. clear H. subst q'.
  split; [|split; reflexivity].
  apply (log_interval_correct _ (dy l) _ (exactly_correct l)) in El. apply (log_interval_correct _ (dy r) _ (exactly_correct r)) in Er.
  destruct El as [_ El], Er as [_ Er].
  assert (Ht : (0 < theta)%Z).
  { unfold theta. assert (0 <= Z.shiftl (Z.max 0 (fst lr - fst ll)) p / Z.max 1 (r - l))%Z; [|lia].
    apply Z.div_pos; [apply Z.shiftl_nonneg; lia|lia]. }
  split; [now apply dy_positive|]. split; [now apply dy_positive|].
  assert (Hline : encloses p line (line_height (dy l) (dy r) (dy theta))).
  { unfold line_height. assert (Ho : encloses p other (ln (dy r) - dy theta * (dy r - dy l))).
    { apply sub_correct; [exact Er|]. rewrite <- dy_minus. apply mul_correct; [assumption|apply exactly_correct|apply exactly_correct]. }
    destruct El as [A1 A2], Ho as [B1 B2]. unfold line, encloses. cbn [fst snd]. rewrite !IZR_min.
    set (u := ln (dy l)) in *. set (w := ln (dy r) - dy theta * (dy r - dy l)) in *. clearbody u w.
    unfold Rmin. destruct (Rle_dec u w); repeat destruct (Rle_dec _ _); split; nra. }
  assert (Hh : encloses p hh (mean (mass C) (free_sum M part_of k s loose (steepest M (dy theta)) b) A)).
  { apply row_iv_correct; [assumption|]. intros a Ha. apply free_iv_correct; [apply steepest_iv_correct|assumption|assumption]. }
  assert (HI : encloses p (sub zero (mul p kappa inner)) (0 - kr * (1 + xr + line_height (dy l) (dy r) (dy theta) +
    dy theta * (lamr - yr - dy l) - ln kr - mean (mass C) (free_sum M part_of k s loose (steepest M (dy theta)) b) A))).
  { apply sub_correct; [apply zero_correct|]. apply mul_correct; [assumption|assumption|].
    apply sub_correct; [|exact Hh]. apply sub_correct; [|exact Hlk]. apply add_correct.
    - apply add_correct; [|exact Hline]. apply add_correct; [apply one_correct|exact Hx].
    - apply mul_correct; [assumption|apply exactly_correct|]. apply sub_correct; [exact Hgap|apply exactly_correct]. }
  unfold chord_height. rewrite <- Rminus_0_l. exact (below_high _ _ HI).
Qed.

Definition covers (start last : R) (l : list part_of_range) : Prop := forall T, start <= T <= last ->
  exists q', In q' l /\ dy (snd (fst (fst q'))) <= T <= dy (snd (fst q')).

Lemma in_insert y z l : In z (insert y l) <-> z = y \/ In z l.
Proof.
  induction l as [|w t IH]; simpl; [intuition|]. destruct (bound_of y <? bound_of w)%Z; simpl; [rewrite IH|]; intuition.
Qed.

Lemma more_parts_correct start last fuel : forall l r', more_parts (chord_part loose C b x gap kappa lk) fuel l = Some r' ->
  (forall q', In q' l -> good_part q') -> covers start last l -> (forall q', In q' r' -> good_part q') /\ covers start last r'.
Proof.
  induction fuel as [|fuel IH]; intros l r'; [simpl; intros H; injection H as <-; now split|].
  destruct l as [|[[[a u] w] th] rest]; cbn [more_parts]; [intros H; injection H as <-; now split|].
  destruct (w - u <=? Z.shiftr u 13)%Z; [intros H; injection H as <-; now split|].
  cbv zeta. set (middle := Z.shiftr (u + w) 1).
  destruct (chord_part _ _ _ _ _ _ _ u middle) as [v|] eqn:E1; [|discriminate].
  destruct (chord_part _ _ _ _ _ _ _ middle w) as [v'|] eqn:E2; [|discriminate]. intros H Hg Hc'.
  apply chord_part_correct in E1, E2. destruct E1 as (G1 & U1 & U2), E2 as (G2 & U3 & U4).
  apply (IH _ _ H).
  - intros q' Hin. apply in_insert in Hin. destruct Hin as [->|Hin]; [assumption|]. apply in_insert in Hin.
    destruct Hin as [->|Hin]; [assumption|]. apply Hg. now right.
  - intros T HT. destruct (Hc' T HT) as (q' & [<-|Hin] & HT').
    + cbn [fst snd] in HT'. destruct (Rle_or_lt T (dy middle)) as [L|L].
      * exists v. split; [apply in_insert; now left|]. rewrite U1, U2. lra.
      * exists v'. split; [apply in_insert; right; apply in_insert; now left|]. rewrite U3, U4. lra.
    + exists q'. split; [|assumption]. apply in_insert. right. apply in_insert. now right.
Qed.
End Chord.

Lemma all_zero l : forallb (fun z => (z =? 0)%Z) l = true -> forall j, at_place l j = 0%Z.
Proof.
  intros H j. unfold at_place. rewrite forallb_forall in H.
  destruct (nth_in_or_default (fst j * S_ G + snd j) l 0%Z) as [Hin|E]; [|exact E]. specialize (H _ Hin). now apply Z.eqb_eq.
Qed.

Lemma flat_still states sigma b C j : flat states = true ->
  tau (fun j => dy (at_place cl j)) (fun j => mean (mass C) (fun i => lean_of M part_of k s sigma (loose_in states) b i j) A) j = 0.
Proof.
  unfold flat. rewrite !andb_true_iff. intros [[H1 H2] H3]. rewrite forallb_forall in H1, H3.
  assert (Hloose : forall t, loose_in states t = true).
  { intros t. unfold loose_in. destruct (nth_in_or_default t states true) as [Hin|E]; [now apply H1|exact E]. }
  assert (E : forall i, lean_of M part_of k s sigma (loose_in states) b i j = 0).
  { intros i. unfold lean_of, of_next. rewrite Hloose. cbn [negb]. rewrite andb_false_r.
    unfold mean. rewrite (rsum_ext _ (fun _ => 0)); [rewrite rsum_zero; ring|]. intros t Ht.
    cbn [slope part_of]. rewrite (all_zero _ (H3 t Ht) j), dy_0. ring. }
  unfold tau. rewrite (all_zero _ H2 j), dy_0. unfold mean. rewrite (rsum_ext _ (fun _ => 0)); [rewrite rsum_zero; ring|].
  intros i _. rewrite E. ring.
Qed.

Theorem form_shown f b C a l : (b < B_ G)%nat -> is_row (A_ G) C = true -> form f b C = Some (a, l) ->
  exists fl, vec_ok places l fl /\
    has_form M e part_of k s (dy m) (Q2R lam) (fun j => dy (at_place cl j)) (kind_of f) b (mass C) (dy a) fl.
Proof.
  intros Hb HC.
  assert (Hx : encloses p (row_iv C (x_iv mids m b)) (mean (mass C) (x_of M e part_of k s (dy m) b) A)).
  { apply row_iv_correct; [assumption|]. intros i Hi. now apply x_iv_correct. }
  assert (Hy : forall sigma loose, encloses p (row_iv C (y_iv sigma loose b))
      (mean (mass C) (y_of M part_of k s (fun t => dy (nth t sigma 0%Z)) loose b) A)).
  { intros sigma loose. apply row_iv_correct; [assumption|]. intros i Hi. now apply y_iv_correct. }
  assert (Hpush : forall loose, vec_ok places (map (fun j => row_iv C (fun a => push_iv loose b a j)) places)
      (fun j => mean (mass C) (fun i => push_of M k s loose b i j) A)).
  { intros loose. apply vec_map. intros j Hj. apply row_iv_correct; [assumption|]. intros i Hi. now apply push_iv_correct. }
  assert (Hlean : forall sigma loose, vec_ok places (map (fun j => row_iv C (fun a => lean_iv sigma loose b a j)) places)
      (fun j => mean (mass C) (fun i => lean_of M part_of k s (fun t => dy (nth t sigma 0%Z)) loose b i j) A)).
  { intros sigma loose. apply vec_map. intros j Hj. apply row_iv_correct; [assumption|]. intros i Hi. now apply lean_iv_correct. }
  assert (Hsl : vec_ok places slopes_iv (fun j => dy (at_place cl j))) by (apply vec_map; intros; apply exactly_correct).
  assert (Hlam : encloses p lam_iv (Q2R lam)) by now apply enclose_correct.
  unfold form. destruct f as [n d sg|n d sg|n d sg ll]; cbv zeta.
  - specialize (Hpush (fun _ => false)). specialize (Hy sg (fun _ => false)). specialize (Hlean sg (fun _ => false)).
    set (x := row_iv C (x_iv mids m b)) in *. set (y := row_iv C (y_iv sg (fun _ => false) b)) in *.
    set (push := map _ places) in *. set (lean := map (fun j => row_iv C (fun a => lean_iv sg (fun _ => false) b a j)) places) in *.
    set (inv := enclose p (Zpos d # n)). fold y in Hy. fold lean in Hlean.
    set (rs := IZR (Zpos n) / IZR (Zpos d)). pose proof (ratio_positive n d) as Hrs. fold rs in Hrs.
    assert (Hinv : encloses p inv (/ rs)) by (apply (encloses_ext p _ (Q2R (Zpos d # n))); [apply inverse_of|now apply enclose_correct]).
    set (xr := mean (mass C) (x_of M e part_of k s (dy m) b) A) in *.
    set (yr := mean (mass C) (y_of M part_of k s (fun t => dy (nth t sg 0%Z)) (fun _ => false) b) A) in *.
    set (pr := fun j => mean (mass C) (fun i => push_of M k s (fun _ => false) b i j) A) in *.
    set (lr := fun j => mean (mass C) (fun i => lean_of M part_of k s (fun t => dy (nth t sg 0%Z)) (fun _ => false) b i j) A) in *.
    set (cr := fun j => dy (at_place cl j)) in *.
    set (g := vec2 add push (map (fun i => mul p i inv) (vec2 sub lean slopes_iv))).
    assert (Hg : vec_ok places g (up_slope cr rs pr lr)).
    { unfold up_slope, Rdiv. apply (vec2_correct places add Rplus); [intros; now apply add_correct|assumption|].
      apply (vec_map1 places (fun i => mul p i inv) (fun x => x * / rs)); [intros; now apply mul_correct|].
      apply (vec2_correct places sub Rminus); [intros; now apply sub_correct|assumption|assumption]. }
    set (r := reach_hi places rad_at g).
    pose proof (reach_hi_correct places rad_at Hrad g _ Hg) as Hr. fold r in Hr.
    destruct (exp_interval p (exps c) (sub _ one_iv)) as [E|] eqn:EE; [|discriminate].
    destruct (exp_interval p (exps c) (exactly r)) as [F|] eqn:EF; [|discriminate]. intros H; injection H as <- <-.
    apply (exp_interval_correct p Hp (exps c) _ (xr + (yr - Q2R lam) / rs - 1)) in EE; [|apply Hc|].
    2:{ apply sub_correct; [|apply one_correct]. apply add_correct; [assumption|]. unfold Rdiv. apply mul_correct; [assumption| |assumption].
        now apply sub_correct. }
    apply (exp_interval_correct p Hp (exps c) _ (dy r)) in EF; [|apply Hc|apply exactly_correct].
    destruct EE as [_ EE], EF as [_ EF]. set (height := mul p (enclose p (Zpos n # d)) E).
    assert (Hh : encloses p height (up_height (Q2R lam) rs xr yr)).
    { unfold up_height. apply mul_correct; [assumption|now apply enclose_correct|exact EE]. }
    exists (fun j => up_height (Q2R lam) rs xr yr * up_slope cr rs pr lr j). split.
    + now apply (vec_map1 places (mul p height) (fun x => up_height (Q2R lam) rs xr yr * x)); [intros; now apply mul_correct|].
    + unfold has_form. cbn [kind_of slopes_of loose_of]. split; [exact Hrs|]. split; [|reflexivity].
      assert (HF : encloses p (mul p height (sub F (exactly r))) (up_height (Q2R lam) rs xr yr * (exp (dy r) - dy r)))
        by (apply mul_correct; [assumption|assumption|apply sub_correct; [assumption|apply exactly_correct]]).
      eapply Rle_trans; [|apply (below_high _ _ HF)].
      apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra|apply Rlt_le, exp_pos]|].
      set (rr := reach places (radius part_of) (up_slope cr rs pr lr)).
      assert (Hrr : rr <= dy r) by exact Hr.
      assert (H0 : 0 <= rr).
      { apply (reach_nonneg places (fun _ => 0) (radius part_of)). intros j _. rewrite Rabs_R0. simpl. rewrite <- dy_0. apply dy_le, Hrad. }
      pose proof (exp_beyond_its_tangent rr (dy r) ltac:(lra)) as B. change (exp rr - rr <= exp (dy r) - dy r). lra.
  - specialize (Hpush (fun _ => false)). specialize (Hy sg (fun _ => false)). specialize (Hlean sg (fun _ => false)).
    set (x := row_iv C (x_iv mids m b)) in *. set (y := row_iv C (y_iv sg (fun _ => false) b)) in *.
    set (push := map _ places) in *. set (lean := map (fun j => row_iv C (fun a => lean_iv sg (fun _ => false) b a j)) places) in *.
    fold y in Hy. fold lean in Hlean.
    set (kr := IZR (Zpos n) / IZR (Zpos d)). pose proof (ratio_positive n d) as Hkr. fold kr in Hkr.
    assert (Hinv : encloses p (enclose p (Zpos d # n)) (/ kr)) by (apply (encloses_ext p _ (Q2R (Zpos d # n))); [apply inverse_of|now apply enclose_correct]).
    assert (Hkappa : encloses p (enclose p (Zpos n # d)) kr) by now apply enclose_correct.
    set (xr := mean (mass C) (x_of M e part_of k s (dy m) b) A) in *.
    set (yr := mean (mass C) (y_of M part_of k s (fun t => dy (nth t sg 0%Z)) (fun _ => false) b) A) in *.
    set (pr := fun j => mean (mass C) (fun i => push_of M k s (fun _ => false) b i j) A) in *.
    set (lr := fun j => mean (mass C) (fun i => lean_of M part_of k s (fun t => dy (nth t sg 0%Z)) (fun _ => false) b i j) A) in *.
    set (cr := fun j => dy (at_place cl j)) in *.
    set (gap := sub lam_iv y). assert (Hgap : encloses p gap (Q2R lam - yr)) by now apply sub_correct.
    set (tilt := vec2 sub slopes_iv lean).
    assert (Htilt : vec_ok places tilt (tau cr lr))
      by (apply (vec2_correct places sub Rminus); [intros; now apply sub_correct|assumption|assumption]).
    set (r := reach_hi places rad_at tilt).
    pose proof (reach_hi_correct places rad_at Hrad tilt _ Htilt) as Hr. fold r in Hr.
    destruct (Z.ltb_spec r (fst gap)) as [Hlt|]; cbn [andb]; [|discriminate].
    destruct (Z.ltb_spec 0 (snd gap)) as [Hpos|]; [|discriminate].
    set (theta := (Z.shiftl 1 (p + p) / snd gap)%Z).
    destruct (log_interval _) as [lg|] eqn:El; [|discriminate]. intros H; injection H as <- <-.
    apply (log_interval_correct _ ((Q2R lam - yr - dy r) * / kr)) in El.
    2:{ apply mul_correct; [assumption| |assumption]. apply sub_correct; [assumption|apply exactly_correct]. }
    destruct El as [_ El].
    set (rr := reach places (radius part_of) (tau cr lr)). assert (Hrr : rr <= dy r) by exact Hr.
    assert (H0 : 0 <= rr).
    { apply (reach_nonneg places (fun _ => 0) (radius part_of)). intros j _. rewrite Rabs_R0. simpl. rewrite <- dy_0. apply dy_le, Hrad. }
    pose proof (above_low _ _ Hgap) as G1. pose proof (below_high _ _ Hgap) as G2.
    assert (G3 : dy r < dy (fst gap)).
    { apply Rmult_lt_compat_r; [apply Rinv_0_lt_compat; assumption|]. now apply IZR_lt. }
    assert (Ht0 : 0 <= dy theta).
    { rewrite <- dy_0. apply dy_le. unfold theta. apply Z.div_pos; [apply Z.shiftl_nonneg; lia|assumption]. }
    assert (Ht1 : dy theta * (Q2R lam - yr) <= 1).
    { apply Rle_trans with (dy theta * dy (snd gap)); [now apply Rmult_le_compat_l|].
      pose proof (floor_div_le (Z.shiftl 1 (p + p)) (snd gap) Hpos) as F. fold theta in F.
      rewrite shiftl_unit, unit_shift, Rmult_1_l in F by lia.
      apply Rmult_le_reg_r with (unit p); [assumption|]. apply Rmult_le_reg_r with (unit p); [assumption|].
      replace (dy theta * dy (snd gap) * unit p * unit p) with ((dy theta * unit p) * (dy (snd gap) * unit p)) by ring.
      rewrite !dy_unit. lra. }
    exists (down_slope cr kr (dy theta) pr lr). split.
    + unfold down_slope. apply (vec_map1 places (fun i => mul p (sub zero (enclose p (Zpos n # d))) i) (fun z => - kr * z)).
      * intros i z Hi. apply mul_correct; [assumption| |assumption].
        apply (encloses_ext p _ (0 - kr)); [ring|]. apply sub_correct; [apply zero_correct|assumption].
      * apply (vec2_correct places add Rplus); [intros; now apply add_correct|assumption|].
        apply (vec_map1 places (mul p (exactly theta)) (fun z => dy theta * z)); [|assumption].
        intros. apply mul_correct; [assumption|apply exactly_correct|assumption].
    + unfold has_form. cbn [kind_of slopes_of loose_of]. exists (dy theta). fold kr. fold A places.
      split; [exact Hkr|]. split; [change (rr < Q2R lam - yr); lra|]. split; [exact Ht0|]. split; [exact Ht1|].
      split; [|reflexivity].
      change (- (kr * (1 + xr + ln ((Q2R lam - yr - rr) / kr) + dy theta * rr)) <=
        dy (snd (sub zero (mul p (enclose p (Zpos n # d)) (add (add (add one_iv x) lg) (mul p (exactly theta) (exactly r))))))).
      assert (HI : encloses p (sub zero (mul p (enclose p (Zpos n # d)) (add (add (add one_iv x) lg) (mul p (exactly theta) (exactly r)))))
        (0 - kr * (1 + xr + ln ((Q2R lam - yr - dy r) * / kr) + dy theta * dy r))).
      { apply sub_correct; [apply zero_correct|]. apply mul_correct; [assumption|assumption|].
        apply add_correct; [|apply mul_correct; [assumption|apply exactly_correct|apply exactly_correct]].
        apply add_correct; [|assumption]. apply add_correct; [apply one_correct|assumption]. }
      eapply Rle_trans; [|apply (below_high _ _ HI)].
      pose proof (ln_above_its_chord (Q2R lam - yr) (dy r) (dy theta) (- rr) ltac:(lra) Ht0 Ht1 ltac:(lra)) as L.
      replace (Q2R lam - yr + - rr) with (Q2R lam - yr - rr) in L by ring.
      assert (P1 : 0 < / kr) by now apply Rinv_0_lt_compat.
      unfold Rdiv. rewrite !ln_mult by lra.
      assert (I : kr * (1 + xr + (ln (Q2R lam - yr - dy r) + ln (/ kr)) + dy theta * dy r) <=
                  kr * (1 + xr + (ln (Q2R lam - yr - rr) + ln (/ kr)) + dy theta * rr)) by (apply Rmult_le_compat_l; lra).
      lra.
  - specialize (Hpush (loose_in ll)). specialize (Hy sg (loose_in ll)). specialize (Hlean sg (loose_in ll)).
    set (x := row_iv C (x_iv mids m b)) in *. set (y := row_iv C (y_iv sg (loose_in ll) b)) in *.
    set (push := map _ places) in *. set (lean := map (fun j => row_iv C (fun a => lean_iv sg (loose_in ll) b a j)) places) in *.
    set (kr := IZR (Zpos n) / IZR (Zpos d)). pose proof (ratio_positive n d) as Hkr. fold kr in Hkr.
    assert (Hkappa : encloses p (enclose p (Zpos n # d)) kr) by now apply enclose_correct.
    set (kappa := enclose p (Zpos n # d)) in *.
    set (xr := mean (mass C) (x_of M e part_of k s (dy m) b) A) in *.
    set (yr := mean (mass C) (y_of M part_of k s (fun t => dy (nth t sg 0%Z)) (loose_in ll) b) A) in *.
    set (pr := fun j => mean (mass C) (fun i => push_of M k s (loose_in ll) b i j) A) in *.
    set (lr := fun j => mean (mass C) (fun i => lean_of M part_of k s (fun t => dy (nth t sg 0%Z)) (loose_in ll) b i j) A) in *.
    set (cr := fun j => dy (at_place cl j)) in *.
    set (gap := sub lam_iv y). assert (Hgap : encloses p gap (Q2R lam - yr)) by now apply sub_correct.
    set (tilt := vec2 sub slopes_iv lean).
    assert (Htilt : vec_ok places tilt (tau cr lr))
      by (apply (vec2_correct places sub Rminus); [intros; now apply sub_correct|assumption|assumption]).
    set (r := reach_hi places rad_at tilt).
    pose proof (reach_hi_correct places rad_at Hrad tilt _ Htilt) as Hr. fold r in Hr.
    set (start := (fst (sub gap _) - r)%Z). set (last := (snd (sub gap _) + r)%Z).
    destruct (log_interval kappa) as [lk|] eqn:Elk; [|discriminate].
    apply (log_interval_correct _ kr _ Hkappa) in Elk. destruct Elk as [_ Elk].
    destruct (chord_part (loose_in ll) C b x gap kappa lk start last) as [q0|] eqn:E0; [|discriminate].
    pose proof (chord_part_correct (loose_in ll) C b x gap kappa lk xr yr kr (Q2R lam) Hb HC Hx Hgap Hkappa Elk start last q0 E0) as (G0 & U1 & U2).
    set (parts := if flat ll then _ else _). destruct parts as [[|[[[a0 l0] r0] th0] rest]|] eqn:Ep; try discriminate.
    intros H.
    assert (Hparts : (forall q', In q' ((a0, l0, r0, th0) :: rest) -> good_part (loose_in ll) C b xr yr kr (Q2R lam) q') /\
      covers (dy start) (dy last) ((a0, l0, r0, th0) :: rest)).
    { assert (Hone : (forall q', In q' [q0] -> good_part (loose_in ll) C b xr yr kr (Q2R lam) q') /\ covers (dy start) (dy last) [q0]).
      { split; [intros q' [<-|[]]; exact G0|]. intros T HT. exists q0. split; [now left|]. now rewrite U1, U2. }
      unfold parts in Ep. destruct (flat ll); [|injection Ep as E1 E2; rewrite <- E1, <- E2; exact Hone].
      apply (more_parts_correct (loose_in ll) C b x gap kappa lk xr yr kr (Q2R lam) Hb HC Hx Hgap Hkappa Elk (dy start) (dy last) _ _ _ Ep);
        apply Hone. }
    destruct Hparts as [Hgood Hcov].
    assert (Ha : a = fold_left (fun z q' => Z.max z (fst (fst (fst q')))) rest a0) by congruence.
    assert (Hl : l = map (fun i => mul p (sub zero kappa) i) (vec2 add push (map (mul p (exactly th0)) tilt))) by congruence.
    clear H. exists (down_slope cr kr (dy th0) pr lr). split.
    + rewrite Hl. unfold down_slope. apply (vec_map1 places (fun i => mul p (sub zero kappa) i) (fun z => - kr * z)).
      * intros i z Hi. apply mul_correct; [assumption| |assumption].
        apply (encloses_ext p _ (0 - kr)); [ring|]. apply sub_correct; [apply zero_correct|assumption].
      * apply (vec2_correct places add Rplus); [intros; now apply add_correct|assumption|].
        apply (vec_map1 places (mul p (exactly th0)) (fun z => dy th0 * z)); [|assumption].
        intros. apply mul_correct; [assumption|apply exactly_correct|assumption].
    + unfold has_form. cbn [kind_of slopes_of loose_of].
      exists (map (fun q' : part_of_range => (dy (snd (fst (fst q'))), dy (snd (fst q')), dy (snd q'))) ((a0, l0, r0, th0) :: rest)).
      fold kr. fold A places. split; [exact Hkr|].
      assert (Hhigh : encloses p (row_iv C (free_iv (loose_in ll) highest_iv b)) (mean (mass C) (free_sum M part_of k s (loose_in ll) highest b) A))
        by (apply row_iv_correct; [assumption|]; intros i Hi; apply free_iv_correct; [apply highest_iv_correct|assumption|assumption]).
      assert (Hlow : encloses p (row_iv C (free_iv (loose_in ll) lowest_iv b)) (mean (mass C) (free_sum M part_of k s (loose_in ll) lowest b) A))
        by (apply row_iv_correct; [assumption|]; intros i Hi; apply free_iv_correct; [apply lowest_iv_correct|assumption|assumption]).
      split.
      * intros T HT0. set (rr := reach places (fun j => dy (rad_at j)) (tau cr lr)) in Hr.
        assert (HT : Q2R lam - yr - mean (mass C) (free_sum M part_of k s (loose_in ll) highest b) A - rr <= T <=
          Q2R lam - yr - mean (mass C) (free_sum M part_of k s (loose_in ll) lowest b) A + rr) by exact HT0. clear HT0.
        pose proof (above_low _ _ (sub_correct p gap _ _ _ Hgap Hhigh)) as S1. pose proof (below_high _ _ (sub_correct p gap _ _ _ Hgap Hlow)) as S2.
        assert (B1 : dy start <= T) by (unfold start; rewrite dy_minus; lra).
        assert (B2 : T <= dy last) by (unfold last; rewrite dy_plus; lra).
        destruct (Hcov T (conj B1 B2)) as (q' & Hin & HT').
        exists (dy (snd (fst (fst q')))), (dy (snd (fst q'))), (dy (snd q')). split; [|exact HT'].
        apply (in_map (fun q' : part_of_range => (dy (snd (fst (fst q'))), dy (snd (fst q')), dy (snd q')))). exact Hin.
      * intros L R0 theta Hin. apply in_map_iff in Hin. destruct Hin as ([[[a1 l1] r1] th1] & Eq & Hin). cbn [fst snd] in Eq.
        injection Eq as <- <- <-. destruct (Hgood _ Hin) as (P1 & P2 & P3). split; [exact P1|]. split; [exact P2|].
        assert (Hbound : (a1 <= a)%Z).
        { rewrite Ha. destruct (fold_max_above (fun q' : part_of_range => fst (fst (fst q'))) rest a0) as [F1 F2].
          destruct Hin as [E|Hin]; [injection E as <- _ _ _; exact F1|]. exact (F2 _ Hin). }
        split; [apply dy_le in Hbound; eapply Rle_trans; [exact P3|exact Hbound]|]. intros j.
        change (down_slope cr kr (dy th0) pr lr j = down_slope cr kr (dy th1) pr lr j).
        destruct (flat ll) eqn:Efl.
        -- unfold down_slope, cr, lr. rewrite (flat_still ll _ b C j Efl). ring.
        -- unfold parts in Ep. injection Ep as E1 E2.
           rewrite <- E2 in Hin. destruct Hin as [E|[]]. injection E as _ _ _ Et. now rewrite Et.
Qed.

(** *** Corners: rows, whose midpoints are exact *)
Fixpoint zip_rows (m1 m2 : Z) (l1 l2 : list (nat * Z)) : option (list (nat * Z)) :=
  match l1, l2 with
  | [], [] => Some []
  | (a, v) :: t1, (b, w) :: t2 =>
      if (a =? b)%nat then
        match zip_rows m1 m2 t1 t2 with Some t => Some ((a, m1 * v + m2 * w)%Z :: t) | None => None end
      else None
  | _, _ => None
  end.

Definition middle_row (v w : row) : option row :=
  let d := Z.max (Zpos (denominator v)) (Zpos (denominator w)) in
  let m1 := (d / Zpos (denominator v))%Z in
  let m2 := (d / Zpos (denominator w))%Z in
  if (m1 * Zpos (denominator v) =? d)%Z && (m2 * Zpos (denominator w) =? d)%Z then
    match zip_rows m1 m2 (numerators v) (numerators w) with
    | Some l => Some (Row (Z.to_pos (d + d)) l)
    | None => None
    end
  else None.

Definition count (l : list (nat * Z)) (t : nat) : R :=
  rsum (fun tn : nat * Z => if (fst tn =? t)%nat then IZR (snd tn) else 0) l.

Lemma mass_count w t : mass w t = count (numerators w) t / IZR (Zpos (denominator w)).
Proof.
  unfold mass, count, Rdiv. rewrite <- rsum_scale_r. apply rsum_ext. intros tn _. destruct (fst tn =? t)%nat; ring.
Qed.

Lemma zip_count m1 m2 t : forall l1 l2 l, zip_rows m1 m2 l1 l2 = Some l ->
  count l t = IZR m1 * count l1 t + IZR m2 * count l2 t.
Proof.
  unfold count. induction l1 as [|[a v] t1 IH]; intros [|[b w] t2] l; cbn [zip_rows]; try discriminate.
  - intros H; injection H as <-. simpl. ring.
  - destruct (Nat.eqb_spec a b) as [->|]; [|discriminate]. destruct (zip_rows m1 m2 t1 t2) as [l'|] eqn:E; [|discriminate].
    intros H; injection H as <-. cbn [rsum fst snd]. rewrite (IH t2 l' E). destruct (b =? t)%nat; [|ring].
    rewrite plus_IZR, !mult_IZR. ring.
Qed.

Lemma middle_row_correct v w x : middle_row v w = Some x -> forall t, mass x t = (mass v t + mass w t) / 2.
Proof.
  unfold middle_row. set (d := Z.max _ _). destruct (Z.eqb_spec (d / Zpos (denominator v) * Zpos (denominator v)) d) as [E1|]; [|discriminate].
  destruct (Z.eqb_spec (d / Zpos (denominator w) * Zpos (denominator w)) d) as [E2|]; cbn [andb]; [|discriminate].
  destruct (zip_rows _ _ _ _) as [l|] eqn:E; [|discriminate]. intros H; injection H as <-. intros t.
  rewrite !mass_count. cbn [numerators denominator]. rewrite (zip_count _ _ t _ _ _ E).
  assert (Hd : (0 < d)%Z).
  { apply Z.lt_le_trans with (Zpos (denominator v)); [reflexivity|apply Z.le_max_l]. }
  rewrite Z2Pos.id by (apply Z.add_pos_pos; exact Hd). rewrite plus_IZR.
  set (m1 := (d / Zpos (denominator v))%Z) in *. set (m2 := (d / Zpos (denominator w))%Z) in *.
  apply IZR_lt in Hd. apply (f_equal IZR) in E1, E2. rewrite mult_IZR in E1, E2.
  assert (P1 : 0 < IZR (Zpos (denominator v))) by (apply IZR_lt; reflexivity).
  assert (P2 : 0 < IZR (Zpos (denominator w))) by (apply IZR_lt; reflexivity).
  assert (F1 : IZR m1 = IZR d / IZR (Zpos (denominator v))) by (rewrite <- E1; field; lra).
  assert (F2 : IZR m2 = IZR d / IZR (Zpos (denominator w))) by (rewrite <- E2; field; lra).
  rewrite F1, F2. field. lra.
Qed.

Definition pure_corner (i : nat) : row := Row 1 (map (fun a => (a, if (a =? i)%nat then 1 else 0)%Z) (seq 0 (A_ G))).

Lemma pure_corner_correct i : (i < A_ G)%nat -> mass (pure_corner i) = pure i.
Proof.
  intros Hi. apply functional_extensionality. intros a. rewrite mass_count. unfold pure_corner, count. cbn [numerators denominator].
  rewrite rsum_map. cbn [fst snd]. unfold pure.
  rewrite (rsum_ext _ (fun a' => if (a' =? i)%nat then (if (a =? i)%nat then 1 else 0) else 0)).
  - rewrite rsum_single by (apply seq_NoDup || apply in_seq; lia). destruct (a =? i)%nat; field.
  - intros a' _. destruct (Nat.eqb_spec a' a) as [E|Hne].
    + rewrite E. destruct (a =? i)%nat; reflexivity.
    + destruct (Nat.eqb_spec a' i) as [E|]; [|reflexivity]. rewrite E in Hne.
      destruct (Nat.eqb_spec a i); [congruence|reflexivity].
Qed.

Fixpoint set_nth (i : nat) (x : row) (l : list row) : list row :=
  match l, i with
  | [], _ => []
  | _ :: t, O => x :: t
  | y :: t, S i' => y :: set_nth i' x t
  end.

Lemma nth_set_nth i x l : forall a, (i < length l)%nat -> nth a (set_nth i x l) no_row = if (a =? i)%nat then x else nth a l no_row.
Proof.
  revert i. induction l as [|y t IH]; intros [|i] [|a] H; simpl in *; try lia; try reflexivity. apply IH. lia.
Qed.

Lemma set_nth_length i x l : length (set_nth i x l) = length l.
Proof. revert i. induction l as [|y t IH]; intros [|i]; simpl; auto. Qed.

(** *** Sums of forms over a cell, at corners of leaves *)
Fixpoint sum_forms (kinds : list (nat * fkind)) (C : row) (cell : list nat) : option (Z * list interval) :=
  match cell with
  | [] => Some (0%Z, map (fun _ => zero) places)
  | b :: rest =>
      match lookup kinds b with
      | Some f => match form f b C, sum_forms kinds C rest with
                  | Some (a, l), Some (a', l') => Some ((a + a')%Z, vec2 add l l')
                  | _, _ => None
                  end
      | None => None
      end
  end.

Let shape := has_form M e part_of k s (dy m) (Q2R lam) (fun j => dy (at_place cl j)).

Lemma sum_forms_shown kinds C : is_row (A_ G) C = true -> forall cell a l, NoDup cell ->
  (forall b, In b cell -> (b < B_ G)%nat) -> sum_forms kinds C cell = Some (a, l) ->
  exists (As : nat -> R) (Ls : nat -> place -> R),
    (forall b, In b cell -> shape (kind_for kinds b) b (mass C) (As b) (Ls b)) /\
    rsum As cell = dy a /\ vec_ok places l (fun j => rsum (fun b => Ls b j) cell).
Proof.
  intros HC. induction cell as [|b rest IH]; intros a l Hn Hb; cbn [sum_forms].
  - intros H; injection H as <- <-. exists (fun _ => 0), (fun _ _ => 0). split; [easy|]. split; [simpl; now rewrite dy_0|].
    apply vec_map. intros j _. apply zero_correct.
  - inversion_clear Hn as [|? ? Hnot Hn'].
    destruct (lookup kinds b) as [f|] eqn:Ef; [|discriminate].
    destruct (form f b C) as [[a1 l1]|] eqn:E1; [|discriminate].
    destruct (sum_forms kinds C rest) as [[a2 l2]|] eqn:E2; [|discriminate]. intros H; injection H as <- <-.
    destruct (IH a2 l2 Hn' (fun b' H => Hb b' (or_intror H)) eq_refl) as (As & Ls & HF & HA & HL).
    destruct (form_shown f b C a1 l1 (Hb b (or_introl eq_refl)) HC E1) as (fl & Hv & Hf).
    exists (fun b' => if (b' =? b)%nat then dy a1 else As b'), (fun b' => if (b' =? b)%nat then fl else Ls b').
    assert (Hrest : forall b', In b' rest -> (b' =? b)%nat = false).
    { intros b' Hin. apply Nat.eqb_neq. intros ->. contradiction. }
    split; [|split].
    + intros b' [<-|Hin]; [rewrite Nat.eqb_refl; unfold kind_for; rewrite Ef; exact Hf|].
      rewrite (Hrest b' Hin). now apply HF.
    + cbn [rsum]. rewrite Nat.eqb_refl, dy_plus, <- HA. f_equal. apply rsum_ext. intros b' Hin. now rewrite (Hrest b' Hin).
    + apply (vec_ext places _ (fun j => fl j + rsum (fun b' => Ls b' j) rest)).
      * intros j _. cbn [rsum]. rewrite Nat.eqb_refl. f_equal. apply rsum_ext. intros b' Hin. now rewrite (Hrest b' Hin).
      * apply (vec2_correct places add Rplus); [intros; now apply add_correct|assumption|assumption].
Qed.

Fixpoint tree_forms (T : ftree) (cs : list row) (cell : list nat) : option (list (Z * list interval)) :=
  match T with
  | FLeaf kinds => all_some (fun C => if is_row (A_ G) C then sum_forms kinds C cell else None) cs
  | FSplit i j first second =>
      if (i <? A_ G)%nat && (j <? A_ G)%nat && negb (i =? j)%nat then
        match middle_row (nth i cs no_row) (nth j cs no_row) with
        | Some x => match tree_forms first (set_nth i x cs) cell, tree_forms second (set_nth j x cs) cell with
                    | Some v, Some w => Some (v ++ w)
                    | _, _ => None
                    end
        | None => None
        end
      else None
  end.

Definition spread (Ms : list Z) (al : Z * list interval) : Z :=
  (fst al + reach_hi places rad_at (vec2 sub (snd al) (map (fun j => exactly (at_place Ms j)) places)))%Z.

Lemma all_some_nth' {X Y} (f : X -> option Y) l r : all_some f l = Some r -> forall i d, (i < length l)%nat ->
  exists y, f (nth i l d) = Some y /\ In y r.
Proof.
  revert r. induction l as [|a t IH]; simpl; intros r; [lia|]. destruct (f a) as [v|] eqn:Ea; [|discriminate].
  destruct (all_some f t) as [r'|]; [|discriminate]. intros H; injection H as <-. intros [|i] d Hi.
  - exists v. split; [exact Ea|now left].
  - destruct (IH r' eq_refl i d ltac:(lia)) as (y & Hy & Hin). exists y. split; [exact Hy|now right].
Qed.

Lemma tree_shown cell Ms g : NoDup cell -> (forall b, In b cell -> (b < B_ G)%nat) -> forall T cs fs,
  length cs = A_ G -> tree_forms T cs cell = Some fs -> (forall al, In al fs -> (spread Ms al <= g)%Z) ->
  tree_holds places (radius part_of) leaning (A_ G) shape cell (fun j => dy (at_place Ms j)) (dy g) (tree_of T)
    (fun i => mass (nth i cs no_row)).
Proof.
  intros Hn Hb. induction T as [kinds|i j T1 IH1 T2 IH2]; intros cs fs Hl; cbn [tree_forms tree_of tree_holds].
  - intros E Hg i Hi. destruct (all_some_nth' _ _ _ E i no_row ltac:(lia)) as ([a l] & Ey & Hin).
    destruct (is_row (A_ G) (nth i cs no_row)) eqn:HC; [|discriminate].
    destruct (sum_forms_shown kinds _ HC cell a l Hn Hb Ey) as (As & Ls & HF & HA & HL).
    exists As, Ls. split; [exact HF|]. rewrite HA. specialize (Hg (a, l) Hin). apply dy_le in Hg.
    unfold spread in Hg. cbn [fst snd] in Hg. rewrite dy_plus in Hg.
    assert (HV : vec_ok places (vec2 sub l (map (fun j => exactly (at_place Ms j)) places))
      (fun j => rsum (fun b => Ls b j) cell - dy (at_place Ms j))).
    { apply (vec2_correct places sub Rminus); [intros; now apply sub_correct|assumption|].
      apply vec_map. intros j _. apply exactly_correct. }
    pose proof (reach_hi_correct places rad_at Hrad _ _ HV) as R. change (radius part_of) with (fun j => dy (rad_at j)). lra.
  - destruct (Nat.ltb_spec i (A_ G)) as [Hi|]; [|discriminate]. destruct (Nat.ltb_spec j (A_ G)) as [Hj|]; [|discriminate].
    destruct (Nat.eqb_spec i j) as [|Hij]; cbn [andb negb]; [discriminate|].
    destruct (middle_row _ _) as [x|] eqn:Ex; [|discriminate].
    destruct (tree_forms T1 _ cell) as [v|] eqn:E1; [|discriminate].
    destruct (tree_forms T2 _ cell) as [w|] eqn:E2; [|discriminate]. intros H; injection H as <-. intros Hg.
    assert (Eh : forall k', (k' < A_ G)%nat -> halved i j k' (fun i => mass (nth i cs no_row)) =
      (fun a => mass (nth a (set_nth k' x cs) no_row))).
    { intros k' Hk'. apply functional_extensionality. intros a. apply functional_extensionality. intros t.
      unfold halved, moved. rewrite nth_set_nth by lia. destruct (a =? k')%nat; [|reflexivity].
      symmetry. now apply middle_row_correct. }
    split; [assumption|]. split; [assumption|]. split; [assumption|]. rewrite (Eh i Hi), (Eh j Hj). split.
    + apply (IH1 _ v); [now rewrite set_nth_length|assumption|]. intros al Hal. apply Hg, in_or_app. now left.
    + apply (IH2 _ w); [now rewrite set_nth_length|assumption|]. intros al Hal. apply Hg, in_or_app. now right.
Qed.

Lemma tree_holds_ext cell Mc g : forall T C C', (forall i, (i < A_ G)%nat -> C i = C' i) ->
  tree_holds places (radius part_of) leaning (A_ G) shape cell Mc g T C ->
  tree_holds places (radius part_of) leaning (A_ G) shape cell Mc g T C'.
Proof.
  induction T as [ms|i j T1 IH1 T2 IH2]; intros C C' E; cbn [tree_holds].
  - intros H i Hi. rewrite <- (E i Hi). now apply H.
  - intros (Hi & Hj & Hij & H1 & H2). repeat split; try assumption.
    + apply (IH1 (halved i j i C)); [|assumption]. intros a Ha. apply functional_extensionality. intros t.
      unfold halved, moved. destruct (a =? i)%nat; now rewrite ?E by assumption.
    + apply (IH2 (halved i j j C)); [|assumption]. intros a Ha. apply functional_extensionality. intros t.
      unfold halved, moved. destruct (a =? j)%nat; now rewrite ?E by assumption.
Qed.

(** The largest sum over a cell, and the slopes of the corner where A is largest. *)
Definition cell_result (cell : list nat) (T : ftree) : option (Z * list Z) :=
  match tree_forms T (map pure_corner (seq 0 (A_ G))) cell with
  | Some ((a, l) :: rest) =>
      let pivot := fold_left (fun best al : Z * list interval => if (fst best <? fst al)%Z then al else best) rest (a, l) in
      let Ms := map fst (snd pivot) in
      Some (fold_left (fun g al => Z.max g (spread Ms al)) rest (spread Ms (a, l)), Ms)
  | _ => None
  end.


Lemma cell_result_shown cell T g Ms : NoDup cell -> (forall b, In b cell -> (b < B_ G)%nat) ->
  cell_result cell T = Some (g, Ms) ->
  tree_holds places (radius part_of) leaning (A_ G) shape cell (fun j => dy (at_place Ms j)) (dy g) (tree_of T) pure.
Proof.
  intros Hn Hb. unfold cell_result. destruct (tree_forms T _ cell) as [[|[a l] rest]|] eqn:E; try discriminate.
  cbv zeta. set (best := fold_left _ rest (a, l)). set (Ns := map fst (snd best)). intros H; injection H as Hg <-. subst g.
  apply (tree_holds_ext cell _ _ _ (fun i => mass (nth i (map pure_corner (seq 0 (A_ G))) no_row))).
  - intros i Hi. rewrite (nth_indep _ no_row (pure_corner 0)) by (rewrite map_length, seq_length; exact Hi).
    rewrite map_nth, seq_nth by assumption. now apply pure_corner_correct.
  - apply (tree_shown cell Ns _ Hn Hb T _ ((a, l) :: rest)); [now rewrite map_length, seq_length|assumption|].
    intros al Hal. destruct (fold_max_above (spread Ns) rest (spread Ns (a, l))) as [H1 H2]. destruct Hal as [<-|Hal]; [assumption|now apply H2].
Qed.

Fixpoint cells_result (cells : list (list nat)) (ts : list ftree) : option (list (Z * list Z)) :=
  match cells, ts with
  | [], [] => Some []
  | cell :: cells', T :: ts' =>
      match cell_result cell T, cells_result cells' ts' with
      | Some x, Some l => Some (x :: l)
      | _, _ => None
      end
  | _, _ => None
  end.

Definition stage_total (ts : list ftree) : option Z :=
  match cells_result (observes_ G) ts with
  | Some l =>
      let Ms j := fold_right (fun x z => at_place (snd x) j + z)%Z 0%Z l in
      Some (fold_right (fun x z => fst x + z)%Z 0%Z l + reach_hi places rad_at (map (fun j => exactly (Ms j)) places))%Z
  | None => None
  end.

Lemma dy_fold {X} (f : X -> Z) l : dy (fold_right (fun x z => f x + z)%Z 0%Z l) = rsum (fun x => dy (f x)) l.
Proof. induction l as [|x t IH]; simpl; [apply dy_0|]. now rewrite dy_plus, IH. Qed.

Theorem stage_shown ts z : stage_total ts = Some z ->
  sum_shown M e part_of k s (dy m) (Q2R lam) (fun j => dy (at_place cl j)) (dy z) (map tree_of ts).
Proof.
  unfold stage_total. destruct (cells_result (observes_ G) ts) as [l|] eqn:E; [|discriminate].
  intros H; injection H as Hz. subst z.
  assert (Hpart : is_partition (B_ G) (observes_ G) = true).
  { pose proof (far_facts G HG) as F. now destruct F as (_ & _ & _ & _ & _ & F & _). }
  assert (Hcells : forall cell, In cell (observes_ G) -> NoDup cell /\ forall b, In b cell -> (b < B_ G)%nat).
  { intros cell Hc'. split; [|intros b Hb; now apply (partition_member _ _ cell b Hpart)].
    unfold is_partition in Hpart. rewrite !andb_true_iff in Hpart. destruct Hpart as [[[Hd _] _] _]. apply distinct_NoDup in Hd.
    clear - Hd Hc'. induction (observes_ G) as [|d ds IH]; simpl in *; [tauto|].
    destruct Hc' as [->|Hc'].
    - clear - Hd. induction cell as [|x t IHc]; simpl in *; [constructor|]. inversion_clear Hd as [|? ? Hnot Hd'].
      constructor; [|now apply IHc]. intros Hx. apply Hnot, in_or_app. now left.
    - apply IH; [|assumption]. clear - Hd. induction d as [|x t IHd]; simpl in *; [assumption|]. inversion_clear Hd. auto. }
  set (proof_for := fun Tx : ftree * (Z * list Z) => (tree_of (fst Tx), (fun j => dy (at_place (snd (snd Tx)) j)), dy (fst (snd Tx)))).
  assert (Hmain : forall cells ts l, cells_result cells ts = Some l -> (forall cell, In cell cells -> In cell (observes_ G)) ->
    map fst (combine ts l) = ts /\ map snd (combine ts l) = l /\
    cells_hold places (radius part_of) leaning (A_ G) shape cells (map proof_for (combine ts l))).
  { clear E ts l. induction cells as [|cell cells IH]; intros [|T ts] l; cbn [cells_result]; try discriminate.
    - intros H _; injection H as <-. repeat split.
    - destruct (cell_result cell T) as [[g Ms]|] eqn:Ec; [|discriminate].
      destruct (cells_result cells ts) as [l'|] eqn:El; [|discriminate]. intros H Hin; injection H as <-.
      destruct (IH ts l' El (fun c H => Hin c (or_intror H))) as (I1 & I2 & I3).
      destruct (Hcells cell (Hin cell (or_introl eq_refl))) as [Hn Hb]. cbn [combine map fst snd cells_hold proof_for].
      split; [now f_equal|]. split; [now f_equal|]. split; [|exact I3]. now apply cell_result_shown. }
  destruct (Hmain (observes_ G) ts l E (fun c H => H)) as (H1 & H2 & H3).
  exists (map proof_for (combine ts l)). split; [|split; [exact H3|]].
  - rewrite map_map. rewrite <- H1 at 2. rewrite map_map. apply map_ext. reflexivity.
  - unfold total. rewrite dy_plus, dy_fold, rsum_map. cbn [proof_for snd fst].
    assert (Ec : forall f : Z * list Z -> R, rsum f l = rsum (fun Tx => f (snd Tx)) (combine ts l))
      by (intros f; rewrite <- H2 at 1; now rewrite rsum_map).
    rewrite Ec. apply Rplus_le_compat_l.
    apply (reach_hi_correct places rad_at Hrad). apply vec_map. intros j _.
    apply (encloses_ext p _ (dy (fold_right (fun x z => at_place (snd x) j + z)%Z 0%Z l))); [|apply exactly_correct].
    rewrite dy_fold, Ec, rsum_map. reflexivity.
Qed.
End Stage.

(** ** Intervals *)
Section Intervals.
Variable reachable : nat -> nat -> bool.

Definition zbox := place -> option Z.
Definition box_of (b : zbox) : box := fun j => option_map dy (b j).
Definition los (k t : nat) : Z := f_lo (claim_at k t).
Definition his (k t : nat) : Z := f_hi (claim_at k t).

Fixpoint exp_sum (l : list Z) : option interval :=
  match l with
  | [] => Some zero
  | z :: t => match exp_interval p (exps c) (exactly z), exp_sum t with
              | Some i, Some w => Some (add i w)
              | _, _ => None
              end
  end.

Lemma exp_sum_correct l : forall i, exp_sum l = Some i -> encloses p i (rsum (fun z => exp (dy z)) l).
Proof.
  induction l as [|z t IH]; simpl; intros i.
  - intros H; injection H as <-. apply zero_correct.
  - destruct (exp_interval p (exps c) (exactly z)) as [w|] eqn:E; [|discriminate]. destruct (exp_sum t) as [v|]; [|discriminate].
    intros H; injection H as <-. apply (exp_interval_correct p Hp (exps c) _ (dy z)) in E; [|apply Hc|apply exactly_correct].
    apply add_correct; [apply E|now apply IH].
Qed.

Definition soft (l : list Z) : option interval := match exp_sum l with Some i => log_interval i | None => None end.

Lemma soft_correct l i : soft l = Some i -> encloses p i (ln (rsum (fun z => exp (dy z)) l)).
Proof.
  unfold soft. destruct (exp_sum l) as [w|] eqn:E; [|discriminate]. apply exp_sum_correct in E. intros H.
  now apply (log_interval_correct w _ i E).
Qed.

Definition least_of (l : list Z) : Z := match l with [] => 0%Z | z :: t => fold_left Z.min t z end.
Definition most_of (l : list Z) : Z := match l with [] => 0%Z | z :: t => fold_left Z.max t z end.

Lemma least_of_below l z : In z l -> (least_of l <= z)%Z.
Proof.
  assert (F : forall t a, (fold_left Z.min t a <= a)%Z /\ forall z, In z t -> (fold_left Z.min t a <= z)%Z).
  { induction t as [|b t IH]; intros a; simpl; [split; [lia|easy]|]. destruct (IH (Z.min a b)) as [H1 H2].
    split; [lia|]. intros y [<-|Hy]; [lia|now apply H2]. }
  destruct l as [|a t]; [easy|]. destruct (F t a) as [H1 H2]. intros [<-|H]; [assumption|now apply H2].
Qed.

Lemma most_of_above l z : In z l -> (z <= most_of l)%Z.
Proof.
  assert (F : forall t a, (a <= fold_left Z.max t a)%Z /\ forall z, In z t -> (z <= fold_left Z.max t a)%Z).
  { induction t as [|b t IH]; intros a; simpl; [split; [lia|easy]|]. destruct (IH (Z.max a b)) as [H1 H2].
    split; [lia|]. intros y [<-|Hy]; [lia|now apply H2]. }
  destruct l as [|a t]; [easy|]. destruct (F t a) as [H1 H2]. intros [<-|H]; [assumption|now apply H2].
Qed.

Definition lows (k s : nat) : list Z :=
  map (fun b => least_of (map (fun a => fst (x_iv k s (los k) 0 b a)) (seq 0 (A_ G)))) (seq 0 (B_ G)).
Definition highs (k s : nat) : list Z :=
  map (fun b => most_of (map (fun a => snd (x_iv k s (his k) 0 b a)) (seq 0 (A_ G)))) (seq 0 (B_ G)).

Definition low_accepted (least : zbox) (k s : nat) : bool :=
  match least (S k, s) with Some a => (los (S k) s <=? a)%Z | None => false end ||
  match soft (lows k s) with Some i => (los (S k) s <=? fst i)%Z | None => false end.
Definition high_accepted (most : zbox) (k s : nat) : bool :=
  match most (S k, s) with Some a => (a <=? his (S k) s)%Z | None => false end ||
  match soft (highs k s) with Some i => (snd i <=? his (S k) s)%Z | None => false end.

Lemma low_accepted_shown least k s : (S k <= H_ G)%nat -> (s < S_ G)%nat -> low_accepted least k s = true ->
  low_shown M e part_of (box_of least) k s.
Proof.
  intros Hk Hs. unfold low_accepted. rewrite orb_true_iff. intros [H|H].
  - left. destruct (least (S k, s)) as [a|] eqn:E; [|discriminate]. exists (dy a). unfold box_of. rewrite E.
    split; [reflexivity|]. apply dy_le. now apply Z.leb_le.
  - right. destruct (soft (lows k s)) as [i|] eqn:E; [|discriminate]. apply Z.leb_le in H. apply soft_correct in E.
    exists (fun b => dy (least_of (map (fun a => fst (x_iv k s (los k) 0 b a)) (seq 0 (A_ G))))). split.
    + intros a b Ha Hb. simpl in Ha, Hb. pose proof (x_iv_correct k s Hk Hs (los k) 0 b a Hb Ha) as X. rewrite dy_0, Rminus_0_r in X.
      apply above_low in X. eapply Rle_trans; [|exact X]. apply dy_le, least_of_below.
      apply (in_map (fun a => fst (x_iv k s (los k) 0 b a))). apply in_seq. lia.
    + unfold lows in E. rewrite rsum_map in E. apply above_low in E. apply dy_le in H. eapply Rle_trans; [exact H|exact E].
Qed.

Lemma high_accepted_shown most k s : (S k <= H_ G)%nat -> (s < S_ G)%nat -> high_accepted most k s = true ->
  high_shown M e part_of (box_of most) k s.
Proof.
  intros Hk Hs. unfold high_accepted. rewrite orb_true_iff. intros [H|H].
  - left. destruct (most (S k, s)) as [a|] eqn:E; [|discriminate]. exists (dy a). unfold box_of. rewrite E.
    split; [reflexivity|]. apply dy_le. now apply Z.leb_le.
  - right. destruct (soft (highs k s)) as [i|] eqn:E; [|discriminate]. apply Z.leb_le in H. apply soft_correct in E.
    exists (fun b => dy (most_of (map (fun a => snd (x_iv k s (his k) 0 b a)) (seq 0 (A_ G))))). split.
    + intros a b Ha Hb. simpl in Ha, Hb. pose proof (x_iv_correct k s Hk Hs (his k) 0 b a Hb Ha) as X. rewrite dy_0, Rminus_0_r in X.
      apply below_high in X. eapply Rle_trans; [exact X|]. apply dy_le, most_of_above.
      apply (in_map (fun a => snd (x_iv k s (his k) 0 b a))). apply in_seq. lia.
    + unfold highs in E. rewrite rsum_map in E. apply below_high in E. apply dy_le in H. eapply Rle_trans; [exact E|exact H].
Qed.

(** For every state, and for every place with [S k] steps to go before the first. *)
Definition for_states (f : nat -> bool) : bool := forallb f (seq 0 (S_ G)).
Definition for_places (f : nat -> nat -> bool) : bool :=
  forallb (fun k => forallb (fun s => negb (reachable (S k) s) || f k s) (seq 0 (S_ G))) (seq 0 (H_ G - 1)).

Lemma for_states_all f : for_states f = true -> forall s, (s < S_ G)%nat -> f s = true.
Proof. unfold for_states. rewrite forallb_forall. intros H s Hs. apply H, in_seq. lia. Qed.

Lemma for_places_all f : for_places f = true -> forall k s, is_place M reachable (S k) s -> f k s = true.
Proof.
  unfold for_places. rewrite forallb_forall. intros H k s (Hk & Hs & Hr). simpl in Hk, Hs.
  specialize (H k ltac:(apply in_seq; lia)). rewrite forallb_forall in H. specialize (H s ltac:(apply in_seq; lia)).
  rewrite Hr in H. exact H.
Qed.

Definition intervals_accepted (least most : zbox) : bool :=
  for_states (fun s => (los 0 s <=? 0)%Z && (0 <=? his 0 s)%Z) &&
  for_places (fun k s => low_accepted least k s && high_accepted most k s).

Lemma intervals_shown least most : intervals_accepted least most = true ->
  intervals_hold M e reachable part_of (box_of least) (box_of most).
Proof.
  unfold intervals_accepted. rewrite andb_true_iff. intros [H0 H]. split.
  - intros s Hs. pose proof (for_states_all _ H0 s Hs) as B. apply andb_true_iff in B. destruct B as [B1 B2].
    apply Z.leb_le in B1, B2. simpl. rewrite <- dy_0. split; now apply dy_le.
  - intros k s Hpl. pose proof (for_places_all _ H k s Hpl) as B. apply andb_true_iff in B. destruct B as [B1 B2].
    destruct Hpl as (Hk & Hs & _). simpl in Hk, Hs. split; [apply low_accepted_shown|apply high_accepted_shown]; assumption || lia.
Qed.

(** ** Middles and radii *)
Definition radii_accepted : bool := forallb (forallb (fun x => (0 <=? f_rad x)%Z)) (f_claims q).

Lemma radii_nonneg : radii_accepted = true -> forall j, (0 <= rad_at j)%Z.
Proof.
  intros H j. unfold rad_at, claim_at. unfold radii_accepted in H. rewrite forallb_forall in H.
  destruct (nth_in_or_default (fst j) (f_claims q) []) as [Hin|E].
  - specialize (H _ Hin). rewrite forallb_forall in H.
    destruct (nth_in_or_default (snd j) (nth (fst j) (f_claims q) []) no_claim) as [Hin'|E']; [|rewrite E'; apply Z.le_refl].
    specialize (H _ Hin'). now apply Z.leb_le.
  - rewrite E. destruct (snd j); apply Z.le_refl.
Qed.

Definition middle_accepted (k s : nat) : bool :=
  let x := claim_at k s in (f_mid x - f_rad x <=? f_lo x)%Z && (f_hi x <=? f_mid x + f_rad x)%Z.

Definition middles_accepted : bool :=
  radii_accepted && for_states (fun s => (f_mid (claim_at 0 s) =? 0)%Z && middle_accepted 0 s) &&
  for_places (fun k s => middle_accepted (S k) s).

Lemma middle_accepted_correct k s : middle_accepted k s = true ->
  mid part_of k s - radius part_of (k, s) <= lo part_of k s /\ hi part_of k s <= mid part_of k s + radius part_of (k, s).
Proof.
  unfold middle_accepted. rewrite andb_true_iff. intros [H1 H2]. apply Z.leb_le in H1, H2. apply dy_le in H1, H2.
  rewrite dy_minus in H1. rewrite dy_plus in H2. split; assumption.
Qed.

Lemma middles_shown : middles_accepted = true -> middles_hold M reachable part_of.
Proof.
  unfold middles_accepted. rewrite !andb_true_iff. intros [[Hr H0] H]. split; [|split].
  - intros s Hs. pose proof (for_states_all _ H0 s Hs) as B. apply andb_true_iff in B. destruct B as [B _].
    apply Z.eqb_eq in B. simpl. now rewrite B, dy_0.
  - intros j. simpl. rewrite <- dy_0. apply dy_le. now apply radii_nonneg.
  - intros [|k] s Hpl; apply middle_accepted_correct.
    + pose proof (for_states_all _ H0 s (proj1 (proj2 Hpl))) as B. now apply andb_true_iff in B.
    + exact (for_places_all _ H k s Hpl).
Qed.

(** ** Claims *)
Definition height_hi (z middle d : Z) : option Z :=
  if (0 <=? z)%Z then
    match exp_interval p (exps c) (exactly (- d)) with Some E => Some (snd (mul p (exactly z) E)) | None => None end
  else
    match exp_interval p (exps c) (exactly (- middle)) with
    | Some E => Some (snd (mul p (mul p (exactly z) E) (sub one_iv (exactly (d - middle)))))
    | None => None
    end.

Lemma dy_opp z : dy (- z) = - dy z.
Proof. unfold dy. rewrite opp_IZR. field. lra. Qed.

Lemma height_hi_correct z middle d y : height_hi z middle d = Some y -> piece_height (dy z) (dy middle) (dy d) <= dy y.
Proof.
  unfold height_hi, piece_height. destruct (Z.leb_spec 0 z) as [Hz|Hz].
  - destruct (exp_interval _ _ _) as [E|] eqn:EE; [|discriminate]. intros H; injection H as <-.
    apply (exp_interval_correct p Hp (exps c) _ (dy (- d))) in EE; [|apply Hc|apply exactly_correct].
    apply dy_le in Hz. rewrite dy_0 in Hz. destruct (Rle_dec 0 (dy z)); [|lra]. rewrite <- dy_opp.
    apply (below_high (mul p (exactly z) E)). apply mul_correct; [assumption|apply exactly_correct|apply EE].
  - destruct (exp_interval _ _ _) as [E|] eqn:EE; [|discriminate]. intros H; injection H as <-.
    apply (exp_interval_correct p Hp (exps c) _ (dy (- middle))) in EE; [|apply Hc|apply exactly_correct].
    assert (Hn : dy z < 0) by (rewrite <- dy_0; apply Rmult_lt_compat_r; [now apply Rinv_0_lt_compat|now apply IZR_lt]).
    destruct (Rle_dec 0 (dy z)); [lra|]. rewrite <- dy_opp, <- dy_minus.
    apply (below_high (mul p (mul p (exactly z) E) (sub one_iv (exactly (d - middle))))). apply mul_correct; [assumption|apply mul_correct; [assumption|apply exactly_correct|apply EE]|].
    apply sub_correct; [apply one_correct|apply exactly_correct].
Qed.

Definition point_accepted (pts : list (Z * Z)) (lam : Q) (z middle d : Z) : bool :=
  match height_hi z middle d with
  | Some y => existsb (fun x : Z * Z => (fst x =? d)%Z && (snd (enclose p lam) + y <=? snd x)%Z) pts
  | None => false
  end.

Lemma point_accepted_correct pts lam z middle d : point_accepted pts lam z middle d = true ->
  exists K, In (dy d, K) (map point_of pts) /\ Q2R lam + piece_height (dy z) (dy middle) (dy d) <= K.
Proof.
  unfold point_accepted. destruct (height_hi z middle d) as [y|] eqn:E; [|discriminate]. rewrite existsb_exists.
  intros ((d' & K) & Hin & H). cbn [fst snd] in H. apply andb_true_iff in H. destruct H as [H1 H2].
  apply Z.eqb_eq in H1. apply Z.leb_le, dy_le in H2. rewrite dy_plus in H2. subst d'. exists (dy K). split.
  - apply (in_map point_of) in Hin. exact Hin.
  - apply height_hi_correct in E. pose proof (below_high _ _ (enclose_correct p Hp lam)). lra.
Qed.

Definition piece_accepted (k s : nat) (start : Z) (f : fpiece) : bool :=
  let x := claim_at (S k) s in
  match stage_total k s (f_mid x) (f_lam f) (f_slope x) (f_trees f) with
  | Some z => let middle := ((start + f_stop f) / 2)%Z in
      (z <=? f_sum f)%Z && (point_accepted (f_points x) (f_lam f) (f_sum f) middle start &&
        point_accepted (f_points x) (f_lam f) (f_sum f) middle (f_stop f))
  | None => false
  end.

Fixpoint pieces_accepted (k s : nat) (start last : Z) (l : list fpiece) : bool :=
  match l with
  | [] => false
  | [f] => piece_accepted k s start f && (last <=? f_stop f)%Z
  | f :: rest => piece_accepted k s start f && pieces_accepted k s (f_stop f) last rest
  end.

Definition is_start (x : fclaim) : bool :=
  match f_points x, f_slope x with [(0%Z, 0%Z)], [] => true | _, _ => false end.

Definition claims_accepted : bool :=
  for_states (fun s => is_start (claim_at 0 s)) &&
  forallb (fun k => points_there k) (seq 0 (H_ G)) &&
  for_places (fun k s => let x := claim_at (S k) s in
    pieces_accepted k s (f_lo x - f_mid x) (f_hi x - f_mid x) (f_pieces x)).

Section Shown.
Hypothesis Hrad : forall j, (0 <= rad_at j)%Z.

Lemma piece_accepted_shown k s start f : (S k <= H_ G)%nat -> (s < S_ G)%nat -> points_there k = true ->
  piece_accepted k s start f = true -> piece_holds M e part_of k s (dy start) (piece_of f).
Proof.
  intros Hk Hs Hpt. unfold piece_accepted. set (x := claim_at (S k) s).
  destruct (stage_total k s _ _ _ _) as [z|] eqn:E; [|discriminate]. cbv zeta. rewrite !andb_true_iff. intros [Hz [H1 H2]].
  apply (stage_shown k s Hk Hs Hpt) in E; [|exact Hrad]. apply Z.leb_le, dy_le in Hz.
  apply point_accepted_correct in H1, H2. destruct H1 as (K & K1 & K2), H2 as (K' & K3 & K4).
  exists (dy (f_sum f)), (dy ((start + f_stop f) / 2)), K, K'. split; [|repeat split; assumption].
  destruct E as (proofs & P1 & P2 & P3). exists proofs. split; [exact P1|]. split; [exact P2|]. eapply Rle_trans; [exact P3|exact Hz].
Qed.

Lemma pieces_accepted_shown k s : (S k <= H_ G)%nat -> (s < S_ G)%nat -> points_there k = true ->
  forall l start last, pieces_accepted k s start last l = true ->
  pieces_hold M e part_of k s (dy start) (dy last) (map piece_of l).
Proof.
  intros Hk Hs Hpt. induction l as [|f [|f' l'] IH]; intros start last; cbn [pieces_accepted map pieces_hold]; [discriminate|..].
  - rewrite andb_true_iff. intros [H1 H2]. split; [now apply piece_accepted_shown|]. apply dy_le. now apply Z.leb_le.
  - rewrite andb_true_iff. intros [H1 H2]. split; [now apply piece_accepted_shown|]. now apply (IH (f_stop f) last).
Qed.

Lemma claims_shown : claims_accepted = true -> claims_hold M e reachable part_of.
Proof.
  unfold claims_accepted. rewrite !andb_true_iff. intros [[H0 Hpt] H]. rewrite forallb_forall in Hpt. split.
  - intros s Hs. pose proof (for_states_all _ H0 s Hs) as B. unfold is_start in B. cbn [points slope part_of].
    destruct (f_points (claim_at 0 s)) as [|[[| |] [| |]] [|]]; try discriminate.
    destruct (f_slope (claim_at 0 s)) as [|]; [|discriminate]. split.
    + unfold point_of. cbn [map fst snd]. now rewrite dy_0.
    + intros j. unfold at_place. destruct (fst j * S_ G + snd j)%nat; apply dy_0.
  - intros k s Hpl. pose proof (for_places_all _ H k s Hpl) as B. cbv zeta in B. destruct Hpl as (Hk & Hs & _). simpl in Hk, Hs.
    exists (dy (f_lo (claim_at (S k) s) - f_mid (claim_at (S k) s))). split; [simpl; rewrite dy_minus; lra|].
    pose proof (pieces_accepted_shown k s ltac:(lia) Hs (Hpt k ltac:(apply in_seq; lia)) _ _ _ B) as PS.
    rewrite (dy_minus (f_hi _)) in PS. exact PS.
Qed.
End Shown.

(** ** Step 0, and the whole, in exact rationals *)
Definition first_at (s : nat) : fpiece * Z := nth s (f_first q) (no_piece, 0%Z).

Definition first_accepted (s : nat) : bool :=
  negb (reachable (H_ G) s) ||
  match stage_total (H_ G - 1) s (snd (first_at s)) (f_lam (fst (first_at s))) (f_slope (claim_at (H_ G) s)) (f_trees (fst (first_at s))) with
  | Some z => (z <=? 0)%Z
  | None => false
  end.

Definition lam_sum : Q := fold_right (fun sn (x : Q) => inject_Z (snd sn) * f_lam (fst (first_at (fst sn))) + x)%Q 0%Q (numerators (rho_ G)).
Definition lean_of_first (j : place) : Z :=
  fold_right (fun (sn : nat * Z) z => snd sn * at_place (f_slope (claim_at (H_ G) (fst sn))) j + z)%Z 0%Z (numerators (rho_ G)).
Definition reach_sum : Z := fold_right (fun j z => rad_at j * Z.abs (lean_of_first j) + z)%Z 0%Z places.

Definition total_accepted (upper : Q) : bool :=
  Qle_bool (lam_sum + (reach_sum # Z.to_pos (2 ^ (p + p))))%Q (inject_Z (Zpos (denominator (rho_ G))) * upper)%Q.

Definition firsts_accepted (upper : Q) : bool := for_states first_accepted && total_accepted upper.

Lemma Q2R_of_Z n : Q2R (inject_Z n) = IZR n.
Proof. unfold Q2R, inject_Z; simpl. field. Qed.

Lemma total_shown upper : total_accepted upper = true ->
  mean (rho M) (fun s => at_most_here (first part_of s)) (seq 0 (S_ G)) +
  reach places (radius part_of) (fun j => mean (rho M) (fun s => slope part_of (H_ G) s j) (seq 0 (S_ G))) <= Q2R upper.
Proof.
  intros H. apply Qle_bool_iff, Qle_Rle in H. rewrite Q2R_plus, Q2R_mult, Q2R_of_Z in H.
  assert (Hrow : is_row (S_ G) (rho_ G) = true).
  { pose proof HG as F. unfold is_far_game in F. rewrite !andb_true_iff in F. tauto. }
  set (d := IZR (Zpos (denominator (rho_ G)))) in *. assert (Hd : 0 < d) by (apply IZR_lt; reflexivity).
  assert (E1 : d * mean (rho M) (fun s => at_most_here (first part_of s)) (seq 0 (S_ G)) = Q2R lam_sum).
  { cbn [rho meaning M]. change (rho M) with (mass (rho_ G)). rewrite mean_mass by assumption. unfold row_mean. fold d.
    rewrite <- rsum_scale. unfold lam_sum. induction (numerators (rho_ G)) as [|[s n] t IH]; cbn [rsum fold_right fst snd].
    - symmetry. apply RMicromega.Q2R_0.
    - rewrite Q2R_plus, Q2R_mult, Q2R_of_Z, <- IH. cbn [part_of first at_most_here piece_of]. unfold first_at. field. lra. }
  assert (E2 : forall j, d * mean (rho M) (fun s => slope part_of (H_ G) s j) (seq 0 (S_ G)) = dy (lean_of_first j)).
  { intros j. change (rho M) with (mass (rho_ G)). rewrite mean_mass by assumption. unfold row_mean. fold d.
    rewrite <- rsum_scale. unfold lean_of_first. rewrite dy_fold. apply rsum_ext. intros [s n] _. cbn [fst snd part_of slope].
    unfold dy. rewrite mult_IZR. field. lra. }
  assert (E3 : d * reach places (radius part_of) (fun j => mean (rho M) (fun s => slope part_of (H_ G) s j) (seq 0 (S_ G))) =
    Q2R (reach_sum # Z.to_pos (2 ^ (p + p)))).
  { unfold reach. rewrite <- rsum_scale. unfold Q2R. cbn [Qnum Qden].
    assert (Hpp : (0 < 2 ^ (p + p))%Z) by (apply Z.pow_pos_nonneg; lia). rewrite Z2Pos.id by exact Hpp.
    change (IZR (2 ^ (p + p))) with (unit (p + p)). rewrite unit_shift by assumption.
    rewrite (rsum_ext _ (fun j => IZR (rad_at j * Z.abs (lean_of_first j)) * / (unit p * unit p))).
    - rewrite rsum_scale_r. f_equal. unfold reach_sum. induction places as [|j t IH]; [reflexivity|].
      cbn [rsum fold_right]. now rewrite plus_IZR, IH.
    - intros j _. rewrite mult_IZR, abs_IZR.
      replace (d * (radius part_of j * Rabs (mean (rho M) (fun s => slope part_of (H_ G) s j) (seq 0 (S_ G)))))
        with (radius part_of j * Rabs (d * mean (rho M) (fun s => slope part_of (H_ G) s j) (seq 0 (S_ G))))
        by (rewrite Rabs_mult, (Rabs_pos_eq d) by lra; ring).
      rewrite E2. unfold dy at 1. unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ unit p)) by (apply Rlt_le, Rinv_0_lt_compat; assumption).
      cbn [radius part_of]. unfold dy. field. lra. }
  apply Rmult_le_reg_l with d; [assumption|]. rewrite Rmult_plus_distr_l, E1, E3. exact H.
Qed.

Lemma firsts_shown upper : (forall j, (0 <= rad_at j)%Z) -> claims_accepted = true -> firsts_accepted upper = true ->
  first_holds M e reachable part_of (Q2R upper).
Proof.
  intros Hrad Hc'. unfold firsts_accepted. rewrite andb_true_iff. intros [H1 H2]. split; [|now apply total_shown].
  intros k s Ek Hs Hr. simpl in Ek, Hs.
  pose proof (for_states_all _ H1 s Hs) as B. unfold first_accepted in B. rewrite <- Ek, Hr in B. cbn [negb orb] in B.
  replace (S k - 1)%nat with k in B by lia. destruct (stage_total k s _ _ _ _) as [z|] eqn:Ez; [|discriminate].
  unfold claims_accepted in Hc'. rewrite !andb_true_iff, forallb_forall in Hc'. destruct Hc' as [[_ Hpt] _].
  apply (stage_shown k s ltac:(lia) Hs (Hpt k ltac:(apply in_seq; lia))) in Ez; [|exact Hrad].
  destruct Ez as (proofs & P1 & P2 & P3). exists proofs. split; [exact P1|]. split; [exact P2|].
  apply Z.leb_le, dy_le in B. rewrite dy_0 in B. lra.
Qed.

Definition part_accepted (least most : zbox) (upper : Q) : bool :=
  intervals_accepted least most && middles_accepted && claims_accepted && firsts_accepted upper.

Theorem part_shown least most upper : part_accepted least most upper = true ->
  part_holds M e reachable part_of (box_of least) (box_of most) (Q2R upper).
Proof.
  unfold part_accepted. rewrite !andb_true_iff. intros [[[Hi Hm] Hc'] Hf].
  assert (Hrad : forall j, (0 <= rad_at j)%Z).
  { apply radii_nonneg. unfold middles_accepted in Hm. rewrite !andb_true_iff in Hm. tauto. }
  split; [now apply intervals_shown|]. split; [now apply middles_shown|]. split; [now apply claims_shown|now apply firsts_shown].
Qed.

Definition void_accepted (least most : zbox) : bool :=
  intervals_accepted least most &&
  existsb (fun k => existsb (fun s => reachable k s && (his k s <? los k s)%Z) (seq 0 (S_ G))) (seq 0 (H_ G)).

Theorem void_shown least most : void_accepted least most = true -> void M e reachable part_of (box_of least) (box_of most).
Proof.
  unfold void_accepted. rewrite andb_true_iff, existsb_exists. intros [Hi (k & Hk & H)]. split; [now apply intervals_shown|].
  rewrite existsb_exists in H. destruct H as (s & Hs & H). apply in_seq in Hk, Hs. apply andb_true_iff in H. destruct H as [Hr H].
  exists k, s. split; [repeat split; simpl; lia || assumption|]. simpl. apply Z.ltb_lt in H.
  apply Rmult_lt_compat_r; [now apply Rinv_0_lt_compat|now apply IZR_lt].
Qed.
End Intervals.
End Part.

(** ** Covers *)
Inductive fcover := FBounded (q : fpart) | FVoid (q : fpart) | FHalves (k s : nat) (at_ : Z) (low high : fcover).

Fixpoint cover_of (C : fcover) : cover :=
  match C with
  | FBounded q => Bounded (part_of q)
  | FVoid q => Void (part_of q)
  | FHalves k s a low high => Halves (k, s) (dy a) (cover_of low) (cover_of high)
  end.

Definition with_z (b : zbox) (j : place) (a : Z) : zbox := fun i => if place_eqb i j then Some a else b i.

Fixpoint cover_accepted (reachable : nat -> nat -> bool) (C : fcover) (least most : zbox) (upper : Q) : bool :=
  match C with
  | FBounded q => part_accepted q reachable least most upper
  | FVoid q => void_accepted q reachable least most
  | FHalves k s a low high =>
      cover_accepted reachable low least (with_z most (k, s) a) upper &&
      cover_accepted reachable high (with_z least (k, s) a) most upper
  end.

Lemma box_with b j a : box_of (with_z b j a) = with_end (box_of b) j (dy a).
Proof. apply functional_extensionality. intros i. unfold box_of, with_z, with_end. now destruct (place_eqb i j). Qed.

Theorem cover_shown reachable upper : forall C least most, cover_accepted reachable C least most upper = true ->
  cover_holds M e reachable (cover_of C) (box_of least) (box_of most) (Q2R upper).
Proof.
  induction C as [q|q|k s a low IHl high IHh]; intros least most; cbn [cover_accepted cover_of cover_holds].
  - apply part_shown.
  - apply void_shown.
  - rewrite andb_true_iff. intros [H1 H2]. rewrite <- !box_with. split; [now apply IHl|now apply IHh].
Qed.

(** ** What may be reached *)
Definition reached (table : list (list bool)) (k s : nat) : bool := nth s (nth k table []) false.

Definition closed_accepted (reachable : nat -> nat -> bool) : bool :=
  forallb (fun sn : nat * Z => (snd sn =? 0)%Z || reachable (H_ G) (fst sn)) (numerators (rho_ G)) &&
  forallb (fun k => forallb (fun s => negb (reachable (S k) s) ||
    forallb (fun a => forallb (fun b => forallb (fun tn : nat * Z => (snd tn =? 0)%Z || reachable k (fst tn))
      (numerators (P_at G (H_ G - S k) s a b))) (seq 0 (B_ G))) (seq 0 (A_ G))) (seq 0 (S_ G))) (seq 0 (H_ G)).

Lemma mass_listed w t (f : nat -> bool) : forallb (fun tn : nat * Z => (snd tn =? 0)%Z || f (fst tn)) (numerators w) = true ->
  mass w t <> 0 -> f t = true.
Proof.
  intros H Hne. destruct (f t) eqn:E; [reflexivity|]. exfalso. apply Hne. unfold mass.
  rewrite (rsum_ext _ (fun _ => 0)); [apply rsum_zero|]. intros [t' n] Hin. cbn [fst snd].
  destruct (Nat.eqb_spec t' t) as [->|]; [|reflexivity]. rewrite forallb_forall in H. specialize (H (t, n) Hin). cbn [fst snd] in H.
  rewrite E, orb_false_r in H. apply Z.eqb_eq in H. subst n. unfold Rdiv. ring.
Qed.

Lemma closed_shown reachable : closed_accepted reachable = true -> closed M reachable.
Proof.
  unfold closed_accepted. rewrite andb_true_iff. intros [H1 H2]. split.
  - intros s Hs Hne. now apply (mass_listed (rho_ G) s (reachable (H_ G))).
  - intros k s a b t Hk Hs Ha Hb Ht Hr Hne. simpl in Hk, Hs, Ha, Hb.
    rewrite forallb_forall in H2. specialize (H2 k ltac:(apply in_seq; lia)).
    rewrite forallb_forall in H2. specialize (H2 s ltac:(apply in_seq; lia)). rewrite Hr in H2. cbn [negb orb] in H2.
    rewrite forallb_forall in H2. specialize (H2 a ltac:(apply in_seq; lia)).
    rewrite forallb_forall in H2. specialize (H2 b ltac:(apply in_seq; lia)).
    now apply (mass_listed (P_at G (H_ G - S k) s a b) t (reachable k)).
Qed.

(** ** The value of the certificate's policy *)
Definition plans := list (list (nat * list row)).    (* by step: states, and a row for each cell *)

Definition row_at (l : plans) (h s b : nat) : row :=
  match lookup (nth h l []) s with
  | Some rows => cell_row (observes_ G) rows b
  | None => Row 1 [(0%nat, 1%Z)]
  end.

Definition far_policy (l : plans) : policy := fun h s b => mass (row_at l h s b).

Definition plans_formed (l : plans) : bool :=
  forallb (fun h => forallb (fun s => forallb (fun b => is_row (A_ G) (row_at l h s b)) (seq 0 (B_ G))) (seq 0 (S_ G))) (seq 0 (H_ G)).

Lemma plans_rows l : plans_formed l = true -> forall h s b, (h < H_ G)%nat -> (s < S_ G)%nat -> (b < B_ G)%nat ->
  is_row (A_ G) (row_at l h s b) = true.
Proof.
  intros H h s b Hh Hs Hb. unfold plans_formed in H.
  rewrite forallb_forall in H. specialize (H h ltac:(apply in_seq; lia)). cbv beta in H.
  rewrite forallb_forall in H. specialize (H s ltac:(apply in_seq; lia)). cbv beta in H.
  rewrite forallb_forall in H. apply H, in_seq. lia.
Qed.

Lemma far_policy_admissible l : plans_formed l = true -> admissible M (far_policy l).
Proof.
  intros Hf h s Hh Hs. simpl in Hh, Hs. split.
  - intros b Hb. apply mass_simplex. now apply plans_rows.
  - intros cell b b' a Hc' Hb Hb'. unfold far_policy, row_at. destruct (lookup (nth h l []) s) as [rows|]; [|reflexivity].
    assert (Hnd : NoDup (concat (observes_ G))).
    { pose proof (far_facts G HG) as F. destruct F as (_ & _ & _ & _ & _ & Hpt & _). simpl in Hpt.
      unfold is_partition in Hpt. rewrite !andb_true_iff in Hpt. apply distinct_NoDup, Hpt. }
    now rewrite (cell_row_same (observes_ G) rows cell b b').
Qed.

Definition zz : interval * interval := (zero, zero).

Definition exponent_and_worth (l : plans) (vals : list (interval * interval)) (h s b : nat) : interval * interval :=
  (row_iv (row_at l h s b) (fun a => add (enclose p (finite_eta G * r_at G h s a b)%Q)
     (mul p gamma_iv (row_iv (P_at G h s a b) (fun t => fst (nth t vals zz))))),
   row_iv (row_at l h s b) (fun a => add (enclose p (u_at G h s a b)) (row_iv (P_at G h s a b) (fun t => snd (nth t vals zz))))).

Definition far_node (l : plans) (vals : list (interval * interval)) (h s : nat) : option (interval * interval) :=
  let xy := map (exponent_and_worth l vals h s) (seq 0 (B_ G)) in
  let shift := Z.shiftr (most_of (map (fun i : interval * interval => fst (fst i)) xy)) p in
  match numerator p c shift xy with
  | Some (n, d) =>
      if (0 <? fst d)%Z then
        match log_interval d with
        | Some v => Some (add (exactly (Z.shiftl shift p)) v, quotient p n d)
        | None => None
        end
      else None
  | None => None
  end.

Fixpoint far_values (l : plans) (k : nat) : option (list (interval * interval)) :=
  match k with
  | O => Some (map (fun _ => zz) (seq 0 (S_ G)))
  | S k' => match far_values l k' with
            | Some vals => all_some (far_node l vals (H_ G - S k')) (seq 0 (S_ G))
            | None => None
            end
  end.

Definition values_ok (l : plans) (k : nat) (vals : list (interval * interval)) : Prop := forall s, (s < S_ G)%nat ->
  encloses p (fst (nth s vals zz)) (v_of M e (far_policy l) k s) /\ encloses p (snd (nth s vals zz)) (W M (far_policy l) k s).

Lemma Forall2_mapped {X Y} (R : X -> Y -> Prop) (f : X -> Y) l : (forall x, In x l -> R x (f x)) -> Forall2 R l (map f l).
Proof. induction l as [|x t IH]; intros H; simpl; constructor; [apply H; now left|]. apply IH. intros y Hy. apply H. now right. Qed.

Lemma all_some_at {X Y} (f : X -> option Y) l : forall r, all_some f l = Some r -> forall i d d', (i < length l)%nat ->
  f (nth i l d) = Some (nth i r d').
Proof.
  induction l as [|a t IH]; simpl; intros r; [lia|]. destruct (f a) as [v|] eqn:Ea; [|discriminate].
  destruct (all_some f t) as [r'|]; [|discriminate]. intros H; injection H as <-. intros [|i] d d' Hi; [exact Ea|].
  apply (IH r' eq_refl). lia.
Qed.

Lemma far_node_correct l k vals s i : plans_formed l = true -> (S k <= H_ G)%nat -> (s < S_ G)%nat -> values_ok l k vals ->
  far_node l vals (H_ G - S k) s = Some i ->
  encloses p (fst i) (v_of M e (far_policy l) (S k) s) /\ encloses p (snd i) (W M (far_policy l) (S k) s).
Proof.
  intros Hf Hk Hs Hv. unfold far_node. set (h := (H_ G - S k)%nat). set (xy := map _ (seq 0 (B_ G))).
  set (shift := Z.shiftr _ p). destruct (numerator p c shift xy) as [[n d]|] eqn:En; [|discriminate].
  destruct (Z.ltb_spec 0 (fst d)) as [Hd|]; [|discriminate]. destruct (log_interval d) as [lg|] eqn:El; [|discriminate].
  intros H; injection H as <-. pose proof (far_facts G HG) as HF. destruct HF as (Ee & He & Hg & _ & HB & _).
  assert (Hh : (h < H_ G)%nat) by (unfold h; lia).
  assert (F : Forall2 (fun b i => encloses p (fst i) (e * Q_value M (far_policy l) k s b) /\
      encloses p (snd i) (worth_value M (far_policy l) k s b)) (seq 0 (B_ G)) xy).
  { apply Forall2_mapped. intros b Hall. apply in_seq in Hall. destruct Hall as [_ Hall]. pose proof (plans_rows l Hf h s b Hh Hs Hall) as Hrow.
    cbn [exponent_and_worth fst snd]. split.
    - apply (encloses_ext p _ (mean (mass (row_at l h s b)) (fun a => e * r M h s a b +
        gamma M * mean (P M h s a b) (v_of M e (far_policy l) k) (seq 0 (S_ G))) (seq 0 (A_ G)))).
      + symmetry. exact (Q_of M e (far_policy l) k s b Hk).
      + apply row_iv_correct; [assumption|]. intros a Ha. apply add_correct.
        * apply (encloses_ext p _ (Q2R (finite_eta G * r_at G h s a b))); [apply Q2R_mult|now apply enclose_correct].
        * apply mul_correct; [assumption|now apply enclose_correct|].
          apply row_iv_correct; [apply far_rows; assumption|]. intros t Ht. now apply Hv.
    - unfold worth_value. apply (row_iv_correct (A_ G)); [assumption|]. intros a Ha. apply add_correct; [now apply enclose_correct|].
      apply row_iv_correct; [apply far_rows; assumption|]. intros t Ht. now apply Hv. }
  destruct (numerator_correct p Hp c Hc shift _ _ _ xy n d F En) as [Nn Nd].
  assert (Hz : 0 < rsum (fun b => exp (e * Q_value M (far_policy l) k s b)) (seq 0 (B_ G))).
  { apply rsum_pos; [|intros; apply exp_pos]. simpl in HB. destruct (B_ G); [lia|discriminate]. }
  assert (Es : forall g, rsum (fun b => exp (e * Q_value M (far_policy l) k s b - IZR shift) * g b) (seq 0 (B_ G)) =
    exp (- IZR shift) * rsum (fun b => exp (e * Q_value M (far_policy l) k s b) * g b) (seq 0 (B_ G))).
  { intros g. rewrite <- rsum_scale. apply rsum_ext. intros b _. unfold Rminus. rewrite exp_plus. ring. }
  assert (Ed : rsum (fun b => exp (e * Q_value M (far_policy l) k s b - IZR shift)) (seq 0 (B_ G)) =
    exp (- IZR shift) * rsum (fun b => exp (e * Q_value M (far_policy l) k s b)) (seq 0 (B_ G))).
  { rewrite <- rsum_scale. apply rsum_ext. intros b _. unfold Rminus. rewrite exp_plus. ring. }
  pose proof (exp_pos (- IZR shift)) as Hx. split; cbn [fst snd].
  - apply (log_interval_correct d _ lg Nd) in El. destruct El as [_ El].
    apply (encloses_ext p _ (dy (Z.shiftl shift p) + ln (rsum (fun b => exp (e * Q_value M (far_policy l) k s b - IZR shift)) (seq 0 (B_ G))))).
    + rewrite Ed, ln_mult, ln_exp by assumption. unfold dy. rewrite shiftl_unit by assumption.
      rewrite (v_step M e (far_policy l) (far_facts G HG) k s Hk). simpl follower. field. lra.
    + apply add_correct; [apply exactly_correct|exact El].
  - apply (encloses_ext p _ (rsum (fun b => exp (e * Q_value M (far_policy l) k s b - IZR shift) * worth_value M (far_policy l) k s b) (seq 0 (B_ G)) /
      rsum (fun b => exp (e * Q_value M (far_policy l) k s b - IZR shift)) (seq 0 (B_ G)))).
    + rewrite Es, Ed, (W_given_V M (far_policy l) e Ee He HB). fold (v_of M e (far_policy l) (S k) s).
      rewrite (v_step M e (far_policy l) (far_facts G HG) k s Hk), (exp_Ropp (ln _)), exp_ln by exact Hz.
      simpl follower. field. split; apply Rgt_not_eq; assumption.
    + now apply quotient_correct.
Qed.

Lemma far_values_correct l : plans_formed l = true -> forall k vals, (k <= H_ G)%nat -> far_values l k = Some vals -> values_ok l k vals.
Proof.
  intros Hf. induction k as [|k IH]; intros vals Hk; cbn [far_values].
  - intros H s Hs. injection H as <-. assert (Ez : nth s (map (fun _ : nat => zz) (seq 0 (S_ G))) zz = zz).
    { destruct (nth_in_or_default s (map (fun _ : nat => zz) (seq 0 (S_ G))) zz) as [Hin|E]; [|exact E].
      apply in_map_iff in Hin. now destruct Hin as (x & E & _). }
    rewrite Ez. unfold v_of. simpl. rewrite Rmult_0_r. split; apply zero_correct.
  - destruct (far_values l k) as [vs|] eqn:E; [|discriminate]. intros H s Hs.
    pose proof (all_some_at _ _ _ H s 0%nat zz ltac:(rewrite seq_length; exact Hs)) as Ey. rewrite seq_nth in Ey by exact Hs.
    now apply (far_node_correct l k vs s _ Hf Hk Hs (IH vs ltac:(lia) eq_refl)).
Qed.

Definition worth_of_first (vals : list (interval * interval)) : interval := row_iv (rho_ G) (fun s => snd (nth s vals zz)).

Definition far_lower_accepted (l : plans) (lower : Q) : bool :=
  plans_formed l &&
  match far_values l (H_ G) with
  | Some vals => (snd (enclose p lower) <=? fst (worth_of_first vals))%Z
  | None => false
  end.

Theorem far_lower_shown l lower : far_lower_accepted l lower = true ->
  admissible M (far_policy l) /\ Q2R lower <= J M (far_policy l).
Proof.
  unfold far_lower_accepted. rewrite andb_true_iff. intros [Hf H]. split; [now apply far_policy_admissible|].
  destruct (far_values l (H_ G)) as [vals|] eqn:E; [|discriminate]. apply Z.leb_le, dy_le in H.
  pose proof (far_values_correct l Hf (H_ G) vals (Nat.le_refl _) E) as Hv.
  assert (Hrow : is_row (S_ G) (rho_ G) = true).
  { pose proof HG as F. unfold is_far_game in F. rewrite !andb_true_iff in F. tauto. }
  assert (Hj : encloses p (worth_of_first vals) (J M (far_policy l))).
  { unfold J. apply (row_iv_correct (S_ G)); [exact Hrow|]. intros s Hs. now apply Hv. }
  pose proof (below_high _ _ (enclose_correct p Hp lower)). pose proof (above_low _ _ Hj). lra.
Qed.
End Game.
End Precision.

(** ** The whole *)
Record far_certificate := FarCertificate {
  far_precision : Z; far_lower : Q; far_upper : Q; far_reached : list (list bool); far_cover : fcover; far_plans : plans }.

Definition no_zbox : zbox := fun _ => None.

Definition far_accepted (G : table) (C : far_certificate) : bool :=
  if (0 <=? far_precision C)%Z && is_far_game G then
    match make_context (far_precision C) with
    | Some c => closed_accepted G (reached (far_reached C)) &&
        cover_accepted (far_precision C) c G (reached (far_reached C)) (far_cover C) no_zbox no_zbox (far_upper C) &&
        far_lower_accepted (far_precision C) c G (far_plans C) (far_lower C)
    | None => false
    end
  else false.

Definition far_policy_of (G : table) (C : far_certificate) : policy := far_policy G (far_plans C).

Theorem far_accepted_sound G C : far_accepted G C = true ->
  (forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (far_upper C)) /\
  admissible (meaning G) (far_policy_of G C) /\ Q2R (far_lower C) <= J (meaning G) (far_policy_of G C).
Proof.
  unfold far_accepted. destruct (Z.leb_spec 0 (far_precision C)) as [Hp|]; cbn [andb]; [|discriminate].
  destruct (is_far_game G) eqn:HG; [|discriminate]. destruct (make_context (far_precision C)) as [c|] eqn:Ec; [|discriminate].
  apply make_context_sound in Ec; [|assumption]. rewrite !andb_true_iff. intros [[H1 H2] H3].
  apply (closed_shown G) in H1. apply (cover_shown (far_precision C) Hp c Ec G HG) in H2. split.
  - exact (farsighted_certificate_sound (meaning G) _ _ _ _ (far_facts G HG) H1 H2).
  - exact (far_lower_shown (far_precision C) Hp c Ec G HG _ _ H3).
Qed.
